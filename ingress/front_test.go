package ingress

import (
	"net/netip"
	"path"
	"path/filepath"
	"testing"
)

// redFront is the proxy in front of red.
func redFront() Front {
	s := threeDomains()
	return s.Set(true).Front("red.example.com", netip.MustParseAddr("203.0.113.10"))
}

func TestFrontFiles(t *testing.T) {
	files, err := redFront().Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		goldenText(t, filepath.Join("front", path.Base(file.Path)), file.Content)
	}
	if last := files[len(files)-1]; last.Path != FrontConfig {
		t.Errorf("%s comes last, not haproxy's configuration, which needs the others", last.Path)
	}
}

// A proxy answers for what its domain serves; the default domain's for conferences too, no other.
func TestFrontHosts(t *testing.T) {
	origin := netip.MustParseAddr("203.0.113.10")
	s := threeDomains()
	s.Domains[1].Apps = s.Domains[1].Apps[:1]
	for _, tc := range []struct {
		domain string
		sft    string
		want   int
	}{
		{"green.example.org", "sftd.green.example.org", 7},
		{"red.example.com", "sftd.green.example.org", 6},
		{"blue.example.net", "sftd.green.example.org", 4},
		{"green.example.org", "", 6},
		{"green.example.org", "sft.calls.example.net", 6},
	} {
		set := s.Set(false)
		set.SFT = tc.sft
		f := set.Front(tc.domain, origin)
		if len(f.Hosts) != tc.want || (f.SFT != "") != (tc.want == 7) {
			t.Errorf("%s with the SFT %q: %v, and %q for all", tc.domain, tc.sft, f.Hosts, f.SFT)
		}
	}
}
