package ingress

import "strings"

// SftdOverlay is the layer over the release sftd: the webapps of all domains may call, and
// it stays on its node. It is nil where neither is asked for.
func SftdOverlay(s Set) Values {
	layer := s.pinned()
	if len(s.Extra) == 0 || !s.site(s.Default).ours {
		return layer
	}
	var origins []string
	for _, d := range s.all() {
		origins = append(origins, "https://webapp."+d)
	}
	return Merge(layer, Values{"allowOrigin": strings.Join(origins, ", ")})
}

// CoturnOverlay is the layer over the release coturn: it stays on its node. It is nil where
// none is named.
func CoturnOverlay(s Set) Values { return s.pinned() }

// nodeName is the label by which Kubernetes knows a node.
const nodeName = "kubernetes.io/hostname"

// pinned repeats what the script gives on helm's command line for what serves calls: an
// upgrade without the script would lose it.
func (s Set) pinned() Values {
	if s.Node == "" {
		return nil
	}
	return Values{"nodeSelector": Values{nodeName: s.Node}}
}
