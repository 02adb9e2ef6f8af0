package network

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
)

// Allowance is a way in through the host's firewall, written "9100/tcp",
// "60000-60010/udp" or "9100/tcp from 10.0.0.0/8".
type Allowance struct {
	Protocol string       // "tcp" or "udp"
	Ports    PortRange    // First equals Last for a single port
	From     netip.Prefix // who may; zero: everybody
}

var allowance = regexp.MustCompile(`^([0-9]{1,5})(?:-([0-9]{1,5}))?/(tcp|udp)(?: from ([0-9a-fA-F.:]+(?:/[0-9]{1,3})?))?$`)

// UnmarshalText reads an Allowance; a single address is taken for its whole prefix.
func (a *Allowance) UnmarshalText(text []byte) error {
	found := allowance.FindStringSubmatch(string(text))
	if found == nil {
		return fmt.Errorf("%q is not of the form 9100/tcp, 60000-60010/udp or 9100/tcp from 10.0.0.0/8", text)
	}
	first, badFirst := strconv.ParseUint(found[1], 10, 16)
	last, badLast := first, error(nil)
	if found[2] != "" {
		last, badLast = strconv.ParseUint(found[2], 10, 16)
	}
	if badFirst != nil || badLast != nil || first == 0 || last < first {
		return fmt.Errorf("%q does not name ports between 1 and 65535, the lower first", text)
	}
	read := Allowance{Protocol: found[3], Ports: PortRange{First: uint16(first), Last: uint16(last)}}
	if found[4] != "" {
		var err error
		if read.From, err = source(found[4]); err != nil {
			return err
		}
	}
	*a = read
	return nil
}

// source reads an address or a network.
func source(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		address = address.Unmap() // no packet has one that is mapped into IPv6
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network != network.Masked() || network.Bits() == 0 {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
	}
	return network, nil
}

// MarshalText writes the Allowance as String does.
func (a Allowance) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// String is the form that UnmarshalText reads.
func (a Allowance) String() string {
	text := a.Ports.short() + "/" + a.Protocol
	if a.From.IsValid() {
		text += " from " + a.From.String()
	}
	return text
}

// clauses match what the Allowance lets in.
func (a Allowance) clauses() []clause {
	var all []clause
	if a.From.IsValid() {
		all = append(all, fromAny(a.From))
	}
	p := tcp()
	if a.Protocol == "udp" {
		p = udp()
	}
	if a.Ports.First == a.Ports.Last {
		return append(all, p.port(a.Ports.First))
	}
	return append(all, p.ports(a.Ports))
}

// short is "first-last", or the only port.
func (p PortRange) short() string {
	if p.First == p.Last {
		return strconv.Itoa(int(p.First))
	}
	return p.String()
}
