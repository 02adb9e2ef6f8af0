package network

import (
	"fmt"
	"net/netip"
)

// shared is what providers give to customers who have no address of the internet (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// translated is a Warning where clients cannot know this host by its public address, and a note where
// the address is another's, who has to map it to this host.
func (s *Spec) translated() error {
	up, err := s.Uplink()
	if err != nil {
		return nil //nolint:nilerr // Check reports it already
	}
	if Private(up.Public) {
		return BehindNAT.Warnf("the public address is %s (%s), which the internet does not know", up.Public, up.WAN[0])
	}
	local, err := isLocal(up.Public)
	if err != nil || local {
		return err
	}
	return BehindNAT.Notef("no interface of this host has the public address %s: a router has to map it to %s", up.Public, up.WAN[0])
}

// Private says whether an address means something to a part of the internet alone.
func Private(address netip.Addr) bool {
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || shared.Contains(address)
}

// isLocal says whether an interface of this host has the address.
func isLocal(address netip.Addr) (bool, error) {
	found, err := addresses(nil)
	if err != nil {
		return false, fmt.Errorf("listing the addresses: %w", err)
	}
	for _, a := range found {
		if a.IP.Equal(address.AsSlice()) {
			return true, nil
		}
	}
	return false, nil
}
