package network

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"wiabctl/provision/change"
)

// Spec describes the network: the configuration's "network" part. Addresses bear
// no omitempty: yaml.v3 takes every netip value for empty.
type Spec struct {
	Name   string `yaml:"name,omitempty"`   // of the libvirt network; default wirebox
	Bridge string `yaml:"bridge,omitempty"` // of its interface on the host; default virbr0
	// Subnet is the VMs' IPv4 network, /16 to /24; default 192.168.122.0/24. The
	// host is .1, DHCP gives .100 to .240 to strangers.
	Subnet netip.Prefix `yaml:"subnet"`
	// WAN are the interfaces that face the internet, the main one first; default that of
	// the default route.
	WAN Links `yaml:"wan,omitempty"`
	// PublicAddress is where clients reach this host; default the main WAN's first IPv4 address.
	PublicAddress netip.Addr `yaml:"public_address"`
	// Media is the range of UDP ports of calls; default 32768-65535.
	Media PortRange `yaml:"media,omitempty"`
	// Firewall closes this host but for what it names; default none.
	Firewall *Firewall `yaml:"firewall,omitempty"`
	// Egress is what the VMs may reach of the internet; default acme.
	Egress Egress `yaml:"egress,omitempty"`
	// HTTPS is who may come in by port 443; default everybody.
	HTTPS HTTPS `yaml:"https,omitempty"`
	// Hairpin is when VMs reach VMs through the public address; default always.
	Hairpin Hairpin `yaml:"hairpin,omitempty"`
}

// Defaults fills in every field left empty, but for what only the host knows
// (WAN and PublicAddress: see Uplink).
func (s *Spec) Defaults() {
	s.Name = cmp.Or(s.Name, "wirebox")
	s.Bridge = cmp.Or(s.Bridge, "virbr0")
	s.Subnet = cmp.Or(s.Subnet, netip.MustParsePrefix("192.168.122.0/24"))
	s.Media = cmp.Or(s.Media, PortRange{First: 32768, Last: 65535})
	s.Firewall.defaults()
	s.Egress = cmp.Or(s.Egress, EgressACME)
	s.HTTPS = cmp.Or(s.HTTPS, HTTPSEverybody)
	s.Hairpin = cmp.Or(s.Hairpin, HairpinAlways)
}

var (
	networkName = regexp.MustCompile(`^[a-z][-a-z0-9]{0,31}$`)
	// linkName is a subset of what the kernel accepts (15 bytes): what needs no
	// quoting in nft, iptables or a sysctl's key.
	linkName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9_]{0,14}$`)
	// wanName allows VLANs and aliases too.
	wanName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9_.@:]{0,14}$`)
)

// Validate reports every value that cannot be used, after Defaults.
func (s *Spec) Validate() error {
	var errs []error
	refuse := func(bad bool, path, format string, args ...any) {
		if bad {
			errs = append(errs, change.Invalidf(path, format, args...))
		}
	}
	refuse(!networkName.MatchString(s.Name), "name", "%q is not a name of lower-case letters, digits and -", s.Name)
	refuse(!linkName.MatchString(s.Bridge), "bridge", "%q is not an interface name of at most 15 characters", s.Bridge)
	for i, name := range s.WAN {
		refuse(!wanName.MatchString(name), "wan", "%q is not an interface name of at most 15 characters", name)
		refuse(name == s.Bridge, "wan", "is the VMs' own bridge %q", name)
		refuse(slices.Contains(s.WAN[:i], name), "wan", "names %q twice", name)
	}
	refuse(!s.Subnet.Addr().Is4() || s.Subnet.Bits() < 16 || s.Subnet.Bits() > 24, "subnet", "%s is not an IPv4 network of /16 to /24", s.Subnet)
	refuse(s.Subnet.IsValid() && s.Subnet != s.Subnet.Masked(), "subnet", "%s has bits set beyond its length; did you mean %s?", s.Subnet, s.Subnet.Masked())
	refuse(s.Subnet.Addr().Is4() && !s.Subnet.Addr().IsPrivate(), "subnet", "%s is not a private range", s.Subnet)
	refuse(s.PublicAddress.IsValid() && !s.PublicAddress.Is4(), "public_address", "%s is not an IPv4 address", s.PublicAddress)
	refuse(s.PublicAddress.IsValid() && (s.PublicAddress.IsLoopback() || s.PublicAddress.IsUnspecified()), "public_address", "%s cannot be reached by clients", s.PublicAddress)
	refuse(s.Media.First < 1024 || s.Media.Last < s.Media.First, "media", "%s is not a range of ports above 1023", s.Media)
	refuse(!slices.Contains([]Egress{EgressNone, EgressACME, EgressFull}, s.Egress), "egress", "%q is none of none, acme and full", s.Egress)
	refuse(!slices.Contains([]HTTPS{HTTPSEverybody, HTTPSProxies}, s.HTTPS), "https", "%q is neither everybody nor proxies", s.HTTPS)
	refuse(!slices.Contains([]Hairpin{HairpinAlways, HairpinNever, HairpinAuto}, s.Hairpin), "hairpin", "%q is none of always, never and auto", s.Hairpin)
	return errors.Join(append(errs, s.Firewall.validate())...)
}

// PortRange is a range of ports, written "32768-65535".
type PortRange struct{ First, Last uint16 }

var portRange = regexp.MustCompile(`^([0-9]{1,5})-([0-9]{1,5})$`)

// UnmarshalText reads "first-last".
func (p *PortRange) UnmarshalText(text []byte) error {
	found := portRange.FindStringSubmatch(string(text))
	if found == nil {
		return fmt.Errorf("%q is not a range of ports such as 32768-65535", text)
	}
	first, badFirst := strconv.ParseUint(found[1], 10, 16)
	last, badLast := strconv.ParseUint(found[2], 10, 16)
	if badFirst != nil || badLast != nil {
		return fmt.Errorf("%q exceeds the highest port, 65535", text)
	}
	*p = PortRange{First: uint16(first), Last: uint16(last)}
	return nil
}

// MarshalText writes the range as String does.
func (p PortRange) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String is "first-last".
func (p PortRange) String() string { return fmt.Sprintf("%d-%d", p.First, p.Last) }

// nth is the subnet's address with the given last number.
func (s *Spec) nth(host byte) netip.Addr {
	bytes := s.Subnet.Masked().Addr().As4()
	bytes[3] += host
	return netip.AddrFrom4(bytes)
}
