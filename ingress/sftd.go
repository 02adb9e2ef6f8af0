package ingress

import "strings"

// SftdOverlay is the layer over the release sftd: the webapps of all domains may
// call. It is nil without an extra domain or without sftd.
func SftdOverlay(s Set) Values {
	if len(s.Extra) == 0 || s.SFT == "" {
		return nil
	}
	var origins []string
	for _, d := range s.all() {
		origins = append(origins, "https://webapp."+d)
	}
	return Values{"allowOrigin": strings.Join(origins, ", ")}
}
