package ingress

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
)

// threeWays is green by itself, red behind a proxy, and blue with fewer pages.
func threeWays() Topology {
	s := threeDomains()
	s.Domains[0].Proxy = &Proxy{Address: netip.MustParseAddr("198.51.100.20")}
	s.Domains[1].Apps = []App{Webapp}
	nodes := make([]Kubenode, 3)
	for i := range nodes {
		nodes[i] = Kubenode{Name: fmt.Sprintf("kubenode%d", i+1), Address: netip.AddrFrom4([4]byte{192, 168, 122, byte(21 + i)}), Calls: i == 2}
	}
	return s.Set(true).Topology(nil, netip.MustParseAddr("203.0.113.10"), nodes)
}

func TestTopology(t *testing.T) {
	svg, err := threeWays().SVG()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"topology.golden.txt": threeWays().String(), "topology.golden.svg": svg} {
		goldenText(t, name, []byte(got))
	}
}

// However many domains there are, the picture is XML, has a box for each, and nothing outside of its frame.
func TestTopologyOfMany(t *testing.T) {
	many := Set{Default: "green.example.org"}
	for i := range 100 {
		many.Extra = append(many.Extra, Domain{Domain: fmt.Sprintf("d%d.example.com", i), Proxy: &Proxy{Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})}})
	}
	topology := many.Topology(nil, netip.MustParseAddr("203.0.113.10"), nil)
	p := topology.picture()
	if len(p.Boxes) != 101+100+1+5 {
		t.Errorf("%d boxes", len(p.Boxes))
	}
	taken := map[[2]int]bool{}
	for _, b := range p.Boxes {
		if at := [2]int{b.X, b.Y}; taken[at] || b.X < 0 || b.Y < 0 || b.X+boxWidth > p.Width || b.Y+boxHeight > p.Height {
			t.Errorf("%+v lies outside, or over another", b)
		} else {
			taken[at] = true
		}
	}
	svg, err := topology.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
