package ingress

import (
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		golden := filepath.Join("testdata", "front", path.Base(file.Path))
		if *update {
			if err := os.WriteFile(golden, file.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(file.Content)); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", file.Path, diff)
		}
	}
	if last := files[len(files)-1]; last.Path != FrontConfig {
		t.Errorf("%s comes last, not haproxy's configuration, which needs the others", last.Path)
	}
}

// The default domain's proxy answers for conferences too, no other does.
func TestFrontHosts(t *testing.T) {
	origin := netip.MustParseAddr("203.0.113.10")
	s := threeDomains()
	for _, tc := range []struct {
		domain string
		sft    string
		want   int
	}{
		{"green.example.org", "sftd.green.example.org", 7},
		{"red.example.com", "sftd.green.example.org", 6},
		{"green.example.org", "", 6},
		{"green.example.org", "sft.calls.example.net", 6},
	} {
		set := s.Set(false)
		set.SFT = tc.sft
		if got := set.Front(tc.domain, origin).Hosts; len(got) != tc.want {
			t.Errorf("%s with the SFT %q: %v", tc.domain, tc.sft, got)
		}
	}
}
