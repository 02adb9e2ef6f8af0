package ingress

import (
	_ "embed"
	"html/template"
	"slices"
	"strings"
)

// The picture's measures, in pixels.
const (
	boxWidth   = 210
	boxHeight  = 44
	rowHeight  = 60
	gapWidth   = 80
	margin     = 24
	headHeight = 40
)

//go:embed topology.svg
var topologyTemplate string

// picture is what the template draws.
type picture struct {
	Width, Height int
	Heads         []box // over the columns
	Boxes         []box
	Ways          []curve
}

// box has its upper left corner at X, Y.
type box struct {
	X, Y        int
	Kind        string // its class: domain, default, proxy, address, node, calls or service
	Title, Note string
}

// curve leads from one point to another, and is level at both.
type curve struct{ X1, Y1, X2, Y2, Middle int }

// SVG is the topology as a picture that stands alone: no script, no font, nothing from elsewhere.
func (t Topology) SVG() (string, error) {
	drawing, err := template.New("topology").Parse(topologyTemplate)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = drawing.Execute(&text, t.picture())
	return text.String(), err
}

// picture lays the boxes out in five columns, each in the middle of the height. A proxy stands beside its domain.
func (t Topology) picture() picture {
	var domains, proxies, nodes, services []box
	proxied := false
	for _, d := range t.Domains {
		kind, proxy := "domain", box{}
		if d.Default {
			kind = "default"
		}
		if d.Proxy.IsValid() {
			proxy, proxied = box{Kind: "proxy", Title: d.Proxy.String(), Note: "for " + d.Domain}, true
		}
		domains, proxies = append(domains, box{Kind: kind, Title: d.Domain, Note: d.serves()}), append(proxies, proxy)
	}
	if !proxied {
		proxies = nil
	}
	for _, n := range t.Kubenodes {
		note, kind := n.Address.String()+", ingress-nginx", "node"
		if n.Calls {
			note, kind = n.Address.String()+", calls", "calls"
		}
		nodes = append(nodes, box{Kind: kind, Title: n.Name, Note: note})
	}
	for _, s := range backends {
		services = append(services, box{Kind: "service", Title: s.name, Note: strings.Join(s.labels, ".*, ") + ".*"})
	}
	address := []box{{Kind: "address", Title: t.Address.String(), Note: "443, 80; calls: 3478, UDP"}}

	columns := []struct {
		head  string
		boxes []box
	}{{"domains", domains}, {"proxies", proxies}, {"this host", address}, {"kubenodes", nodes}, {"services", services}}
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c.boxes))
	}
	p := picture{Height: 2*margin + headHeight + rows*rowHeight}
	x := margin
	for _, c := range columns {
		if len(c.boxes) == 0 {
			continue
		}
		p.Heads = append(p.Heads, box{X: x + boxWidth/2, Y: margin + headHeight/2, Title: c.head})
		place(c.boxes, x, margin+headHeight+(rows-len(c.boxes))*rowHeight/2)
		p.Boxes = append(p.Boxes, slices.DeleteFunc(slices.Clone(c.boxes), func(b box) bool { return b.Kind == "" })...)
		x += boxWidth + gapWidth
	}
	p.Width = x - gapWidth + margin
	p.Ways = curves(domains, proxies, address[0], nodes, services)
	return p
}

// place puts boxes below each other.
func place(boxes []box, x, y int) {
	for i := range boxes {
		boxes[i].X, boxes[i].Y = x, y+i*rowHeight
	}
}

// curves are all ways: from a domain to its proxy, or straight through the gap beside the others'.
func curves(domains, proxies []box, address box, nodes, services []box) []curve {
	var all []curve
	for i, from := range domains {
		if len(proxies) > 0 {
			all = append(all, between(from, proxies[i]))
			if from = proxies[i]; from.Kind == "" {
				all = append(all, curve{X1: from.X, Y1: from.Y + boxHeight/2, X2: from.X + boxWidth, Y2: from.Y + boxHeight/2, Middle: from.X})
			}
		}
		all = append(all, between(from, address))
	}
	for _, n := range nodes {
		all = append(all, between(address, n))
		for _, s := range services {
			all = append(all, between(n, s))
		}
	}
	return all
}

// between leads from the right edge of one box to the left edge of another.
func between(a, b box) curve {
	c := curve{X1: a.X + boxWidth, Y1: a.Y + boxHeight/2, X2: b.X, Y2: b.Y + boxHeight/2}
	c.Middle = (c.X1 + c.X2) / 2
	return c
}
