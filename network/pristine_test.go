package network

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told is what libvirt 9.0 says about the network that its package brought, once
// it runs.
const told = `<network>
  <name>default</name>
  <uuid>8c6a2a5e-6b5e-4d5b-9f5e-0a6b7c8d9e0f</uuid>
  <forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:12:34:56'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
`

func TestPristine(t *testing.T) {
	const closing = "</network>"
	for _, tc := range []struct {
		name, old, now string
		want           bool
	}{
		{"as it came", "", "", true},
		{"another host's UUID and MAC", "8c6a2a5e-6b5e-4d5b-9f5e-0a6b7c8d9e0f", "00000000-6b5e-4d5b-9f5e-0a6b7c8d9e0f", true},
		{"other white space", "\n", "\n\n ", true},
		{"another name", ">default<", ">default2<", false},
		{"another forward mode", "mode='nat'", "mode='open'", false},
		{"forwarded to one device", "mode='nat'", "mode='nat' dev='eth0'", false},
		{"never started", "<nat>\n      <port start='1024' end='65535'/>\n    </nat>", "", true},
		{"NAT for IPv6 too", "<nat>", "<nat ipv6='yes'>", false},
		{"other ports", "start='1024'", "start='2048'", false},
		{"another bridge", "virbr0", "virbr1", false},
		{"another address", "192.168.122.1'", "192.168.123.1'", false},
		{"another range", "192.168.122.254", "192.168.122.99", false},
		{"a second range", "</dhcp>", "<range start='192.168.122.2' end='192.168.122.254'/></dhcp>", false},
		{"a reservation", "</dhcp>", "<host mac='52:54:00:00:00:01' ip='192.168.122.9'/></dhcp>", false},
		{"a port group", closing, "<portgroup name='x'/>" + closing, false},
		{"metadata", closing, "<metadata><w:network xmlns:w='urn:x' deployment='other'/></metadata>" + closing, false},
		{"a title", closing, "<title>mine</title>" + closing, false},
		{"an IPv6 address", closing, "<ip family='ipv6' address='fd00::1' prefix='64'/>" + closing, false},
		{"a DNS domain", closing, "<domain name='lan'/>" + closing, false},
		{"dnsmasq's options", closing, "<d:options xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'><d:option value='x'/></d:options>" + closing, false},
		{"something that this program never heard of", "stp='on'", "stp='on' future='yes'", false},
		{"guests on it", "<network>", "<network connections='1'>", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.ReplaceAll(told, tc.old, tc.now)
			if tc.old == "" {
				text = told
			} else if text == told {
				t.Fatalf("%q is not in the text", tc.old)
			}
			if got, err := pristine(text); err != nil || got != tc.want {
				t.Errorf("got %v (%v), want %v", got, err, tc.want)
			}
		})
	}
	if got, err := pristine("<network><name>default</name>"); err == nil || got {
		t.Errorf("a torn definition: %v (%v), want an error", got, err)
	}
}

func TestAttaches(t *testing.T) {
	for _, tc := range []struct {
		name, device string
		want         bool
	}{
		{"the network", "<interface type='network'><source network='default'/></interface>", true},
		{"the network, running", "<interface type='network'><source network='default' portid='x' bridge='virbr0'/></interface>", true},
		{"its bridge", "<interface type='bridge'><source bridge='virbr0'/></interface>", true},
		{"its bridge as a device", "<interface type='direct'><source dev='virbr0' mode='bridge'/></interface>", true},
		{"the second interface", "<interface type='user'/><interface type='network'><source network='default'/></interface>", true},
		{"another network", "<interface type='network'><source network='wirebox'/></interface>", false},
		{"another bridge", "<interface type='bridge'><source bridge='virbr01'/></interface>", false},
		{"a disk from a pool of that name", "<disk type='volume'><source pool='default' volume='x'/></disk>", false},
		{"none", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := attaches("<domain type='qemu'><name>default</name><devices>" + tc.device + "</devices></domain>")
			if err != nil || got != tc.want {
				t.Errorf("got %v (%v), want %v", got, err, tc.want)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	got, err := facts("<a x='2' b='1'><!-- said --><c>\n text </c><c/></a>")
	want := []string{"a", "a/c", "a/c", "a/c=text", "a@b=1", "a@x=2"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got) %v:\n%s", err, diff)
	}
}

func TestDisplaces(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*Spec)
		want bool
	}{
		{"the defaults", func(*Spec) {}, true},
		{"bridge alone", func(s *Spec) { s.Subnet = netip.MustParsePrefix("10.7.0.0/24") }, true},
		{"subnet alone", func(s *Spec) { s.Bridge = "wire0"; s.Subnet = netip.MustParsePrefix("192.168.0.0/16") }, true},
		{"name alone", func(s *Spec) { s.Name, s.Bridge, s.Subnet = "default", "wire0", netip.MustParsePrefix("10.7.0.0/24") }, true},
		{"none of them", func(s *Spec) { s.Bridge, s.Subnet = "wire0", netip.MustParsePrefix("10.7.0.0/24") }, false},
	} {
		s := usual().Spec
		tc.set(&s)
		if got := s.Displaces(); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
