package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// kindOf says whether the kind is among the failures.
func kindOf(err error, id string) bool {
	for _, failure := range change.Failures(err) {
		if failure.ID == id {
			return true
		}
	}
	return false
}

func TestPortsTaken(t *testing.T) {
	for _, tc := range []struct{ name, listen, want string }{
		{"on every address, IPv4", "0.0.0.0:443", "listens on 0.0.0.0:443"},
		{"on every address, IPv6", "[::]:80", "listens on [::]:80"},
		{"on the public address", "203.0.113.10:443", "listens on 203.0.113.10:443"},
		{"on loopback only", "127.0.0.1:443", ""},
		{"on another port", "0.0.0.0:8443", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			listener, err := net.Listen(map[bool]string{true: "tcp6", false: "tcp4"}[tc.listen[0] == '['], tc.listen)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			found := taken(80, 443)
			if tc.want == "" {
				if found != nil {
					t.Errorf("refused: %v", found)
				}
				return
			}
			if !kindOf(found, PortTaken.ID) || !strings.Contains(found.Error(), tc.want) {
				t.Errorf("got %v, want a Failure of kind %s saying %q", found, PortTaken.ID, tc.want)
			}
			self, _ := os.ReadFile("/proc/self/comm")
			if !strings.Contains(found.Error(), strings.TrimSpace(string(self))) {
				t.Errorf("%v does not name %s", found, self)
			}
		})
	}
}

func TestUplink(t *testing.T) {
	run(t, "ip", "link", "property", "add", "dev", "wan0", "altname", "enx0")
	t.Cleanup(func() { run(t, "ip", "link", "property", "del", "dev", "wan0", "altname", "enx0") })
	for _, tc := range []struct {
		name string
		spec Spec
		want Uplink
		fail string
	}{
		{"found", Spec{}, Uplink{Links{"wan0"}, netip.MustParseAddr("203.0.113.10")}, ""},
		{"given", Spec{WAN: Links{"lo"}, PublicAddress: netip.MustParseAddr("198.51.100.1")}, Uplink{Links{"lo"}, netip.MustParseAddr("198.51.100.1")}, ""},
		{"address given", Spec{PublicAddress: netip.MustParseAddr("198.51.100.1")}, Uplink{Links{"wan0"}, netip.MustParseAddr("198.51.100.1")}, ""},
		{"several", Spec{WAN: Links{"wan0", "inet0"}}, Uplink{Links{"wan0", "inet0"}, netip.MustParseAddr("203.0.113.10")}, ""},
		{"one of several is missing", Spec{WAN: Links{"wan0", "eth9"}}, Uplink{}, "interface eth9"},
		{"no such interface", Spec{WAN: Links{"eth9"}}, Uplink{}, "interface eth9"},
		{"another name of one", Spec{WAN: Links{"enx0"}}, Uplink{}, "interface enx0: this is another name of wan0, which"},
		{"interface without address", Spec{WAN: Links{"inet0"}}, Uplink{}, "inet0: it has no IPv4 address"},
		{"loopback has none that counts", Spec{WAN: Links{"lo"}}, Uplink{}, "lo: it has no IPv4 address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.spec.Uplink()
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if !strings.Contains(errText(err), tc.fail) || (tc.fail != "") != kindOf(err, NoUplink.ID) {
				t.Errorf("got %v, want a Failure saying %q", err, tc.fail)
			}
		})
	}
}

// What an interface is called goes into rules, units and a shell as it is.
func TestUplinkOfABadName(t *testing.T) {
	run(t, "ip", "link", "add", "a;b", "type", "veth", "peer", "name", "bad1")
	t.Cleanup(func() { run(t, "ip", "link", "delete", "a;b") })
	run(t, "ip", "link", "set", "a;b", "up")
	run(t, "ip", "route", "replace", "default", "dev", "a;b", "metric", "0")
	t.Cleanup(func() { run(t, "ip", "route", "replace", "default", "via", "203.0.113.1", "dev", "wan0") })
	if up, err := (&Spec{}).Uplink(); !kindOf(err, NoUplink.ID) || !strings.Contains(errText(err), `"a;b"`) {
		t.Errorf("%v, %v", up, err)
	}
}

// On a host without libvirt the plan says what will be made.
func TestFabricOnABareHost(t *testing.T) {
	clear(t)
	f := usual()
	f.Libvirt = func(context.Context, func(*libvirt.Libvirt) error) error { return change.ErrNotInstalled }
	changes, err := f.Plan(context.Background())
	if got := lines(t, changes, err); !strings.Contains(strings.Join(got, "\n"), "create libvirt network wirebox: it is not defined") {
		t.Errorf("plan: %q", got)
	}
	if _, err := change.Warnings(f.Check(context.Background())); err != nil { // a note tells of br_netfilter where the kernel has it
		t.Errorf("check: %v", err)
	}
	gone, err := f.Remove(context.Background())
	if got := lines(t, gone, err); len(got) != 0 {
		t.Errorf("removal: %q", got)
	}
}

func TestSpecDefaultsAndYAML(t *testing.T) {
	var s Spec
	if err := yaml.Unmarshal([]byte("subnet: 10.1.0.0/16\nmedia: 40000-50000\npublic_address: 198.51.100.1\nwan: [eth0, eth1]\negress: full\n"), &s); err != nil {
		t.Fatal(err)
	}
	s.Defaults()
	want := Spec{Name: "wirebox", Bridge: "virbr0", Subnet: netip.MustParsePrefix("10.1.0.0/16"), PublicAddress: netip.MustParseAddr("198.51.100.1"), Media: PortRange{40000, 50000},
		WAN: Links{"eth0", "eth1"}, Egress: EgressFull, HTTPS: HTTPSEverybody, Hairpin: HairpinAlways}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if err := s.Validate(); err != nil {
		t.Errorf("refused: %v", err)
	}
	usual := usual().Spec
	if err := usual.Validate(); err != nil || usual.Media.String() != "32768-65535" {
		t.Errorf("the defaults %+v are refused: %v", usual, err)
	}
	text, err := yaml.Marshal(s)
	if err != nil || !strings.Contains(string(text), "media: 40000-50000\n") || !strings.Contains(string(text), "subnet: 10.1.0.0/16\n") {
		t.Errorf("written as (%v)\n%s", err, text)
	}
}

func TestSpecRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*Spec)
		want  string
	}{
		{"name", func(s *Spec) { s.Name = "<x>" }, "name: "},
		{"bridge too long", func(s *Spec) { s.Bridge = "averyverylongbridge" }, "bridge: "},
		{"bridge for a shell", func(s *Spec) { s.Bridge = "br0;reboot" }, "bridge: "},
		{"wan", func(s *Spec) { s.WAN = Links{`e"`} }, "wan: "},
		{"wan is the bridge", func(s *Spec) { s.WAN = Links{s.Bridge} }, "wan: is the VMs' own bridge"},
		{"wan twice", func(s *Spec) { s.WAN = Links{"eth0", "eth0"} }, `wan: names "eth0" twice`},
		{"https", func(s *Spec) { s.HTTPS = "nobody" }, "https: "},
		{"egress", func(s *Spec) { s.Egress = "some" }, "egress: "},
		{"hairpin", func(s *Spec) { s.Hairpin = "on" }, "hairpin: "},
		{"IPv6", func(s *Spec) { s.Subnet = netip.MustParsePrefix("fd00::/64") }, "subnet: "},
		{"too small", func(s *Spec) { s.Subnet = netip.MustParsePrefix("10.0.0.0/25") }, "subnet: "},
		{"host bits", func(s *Spec) { s.Subnet = netip.MustParsePrefix("10.0.0.7/24") }, "subnet: 10.0.0.7/24 has bits set beyond its length; did you mean 10.0.0.0/24?"},
		{"public range", func(s *Spec) { s.Subnet = netip.MustParsePrefix("8.8.8.0/24") }, "subnet: 8.8.8.0/24 is not a private range"},
		{"public address", func(s *Spec) { s.PublicAddress = netip.MustParseAddr("127.0.0.1") }, "public_address: "},
		{"IPv6 address", func(s *Spec) { s.PublicAddress = netip.MustParseAddr("2001:db8::1") }, "public_address: "},
		{"backward range", func(s *Spec) { s.Media = PortRange{50000, 40000} }, "media: "},
		{"low ports", func(s *Spec) { s.Media = PortRange{22, 40000} }, "media: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := usual().Spec
			tc.spoil(&s)
			if err := s.Validate(); !strings.HasPrefix(errText(err), tc.want) {
				t.Errorf("got %v, want %q…", err, tc.want)
			}
		})
	}
}

func TestLinksYAML(t *testing.T) {
	for _, tc := range []struct{ text, want, written string }{
		{"wan: eth0", "[eth0]", "wan: eth0\n"},
		{"wan: [eth0, eth1]", "[eth0 eth1]", "wan:\n    - eth0\n    - eth1\n"},
		{"wan: {eth0: 1}", "line 1: an interface's name is wanted here, or a list of names", ""},
		{"name: x", "[]", ""},
	} {
		var s struct {
			WAN Links `yaml:"wan,omitempty"`
		}
		err := yaml.Unmarshal([]byte(tc.text), &s)
		if got := fmt.Sprint(s.WAN) + errText(err); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.text, got, tc.want)
		}
		if text, _ := yaml.Marshal(s); tc.written != "" && string(text) != tc.written {
			t.Errorf("%s is written as\n%s", tc.text, text)
		}
	}
}

// Several default routes: the kernel's favourite is taken, the others are named.
func TestSeveralDefaultRoutes(t *testing.T) {
	var s Spec
	if err := s.guessed(); err != nil {
		t.Errorf("with one default route: %v", err)
	}
	run(t, "ip", "route", "add", "default", "dev", "inet0", "metric", "50")
	t.Cleanup(func() { run(t, "ip", "route", "delete", "default", "dev", "inet0", "metric", "50") })
	if up, err := s.Uplink(); err != nil || up.WAN[0] != "wan0" {
		t.Errorf("uplink %v (%v), want wan0", up, err)
	}
	warnings, err := change.Warnings(s.guessed())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Cause, "expected on wan0 (metric 0), and none on inet0 (metric 50)") {
		t.Errorf("told %v, %v", warnings, err)
	}
	s.WAN = Links{"inet0"}
	if err := s.guessed(); err != nil {
		t.Errorf("with the interface given: %v", err)
	}
}

func TestPortRangeRefuses(t *testing.T) {
	for _, text := range []string{"", "1", "1-", "-1", "1-70000", "70000-80000", "1 - 2", "1-2\n"} {
		var p PortRange
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %s", text, p)
		}
	}
}

// Files that are right already are not written again.
func TestFilesKeepTheirTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "file")
	all := files{{path, "text"}}
	if reasons, err := all.differ(); err != nil || len(reasons) != 1 {
		t.Errorf("missing file: %q (%v)", reasons, err)
	}
	if err := all.write(); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm() != 0o644 {
		t.Fatalf("%v (%v), want mode 0644", before, err)
	}
	if err := all.write(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("an equal file was replaced (%v)", err)
	}
	if err := os.WriteFile(path, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if reasons, _ := all.differ(); len(reasons) != 1 || reasons[0] != path+" differs" {
		t.Errorf("changed file: %q", reasons)
	}
}
