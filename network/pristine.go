package network

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// What the packages of libvirt bring along: a network, its bridge, its subnet.
const (
	shippedName   = "default"
	shippedBridge = "virbr0"
	shippedSubnet = "192.168.122.0/24"
)

// shipped is /usr/share/libvirt/networks/default.xml of Debian's and Ubuntu's
// package libvirt-daemon-config-network, with the defaults that libvirt fills in.
const shipped = `<network>
  <name>` + shippedName + `</name>
  <forward mode='nat'/>
  <bridge name='` + shippedBridge + `' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>`

// Displaces says whether the network needs the name, the bridge or the subnet of
// the one that libvirt's packages bring, so that only one of them can be.
func (s *Spec) Displaces() bool {
	return s.Name == shippedName || s.Bridge == shippedBridge || s.Subnet.Overlaps(netip.MustParsePrefix(shippedSubnet))
}

// pristine says whether libvirt's description of a network is that of the one its
// packages bring, to the last attribute but those that libvirt adds by itself. One
// with guests on it tells their number, and so is not pristine.
func pristine(text string) (bool, error) {
	is, err := facts(text)
	if err != nil {
		return false, fmt.Errorf("reading the network's definition: %w", err)
	}
	should, err := facts(shipped)
	if err != nil {
		return false, err
	}
	return slices.Equal(slices.DeleteFunc(is, added), should), nil
}

// added says whether libvirt adds the fact by itself: UUID and MAC address when it
// first reads the network, the range of NAT's ports when it starts it.
func added(fact string) bool {
	name, _, _ := strings.Cut(fact, "=")
	return slices.Contains([]string{"network/uuid", "network/mac", "network/mac@address"}, name) ||
		slices.Contains([]string{"network/forward/nat", "network/forward/nat/port",
			"network/forward/nat/port@start=1024", "network/forward/nat/port@end=65535"}, fact)
}

// facts is XML as sorted lines, one for each element, attribute and text:
// "network/ip", "network/ip@address=192.168.122.1", "network/name=default". Unlike
// libvirtxml's types they lose nothing that is not known yet.
func facts(text string) ([]string, error) {
	var all, path []string
	tokens := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			slices.Sort(all)
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			here := strings.Join(path, "/")
			all = append(all, here)
			for _, attribute := range t.Attr {
				all = append(all, here+"@"+attribute.Name.Local+"="+attribute.Value)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if value := strings.TrimSpace(string(t)); value != "" {
				all = append(all, strings.Join(path, "/")+"="+value)
			}
		}
	}
}

// attaches says whether a domain with this description has an interface on the
// shipped network or its bridge.
func attaches(domain string) (bool, error) {
	all, err := facts(domain)
	if err != nil {
		return false, fmt.Errorf("reading the domain's definition: %w", err)
	}
	return slices.ContainsFunc(all, func(fact string) bool {
		_, source, found := strings.Cut(fact, "/interface/source@")
		return found && (source == "network="+shippedName || strings.HasSuffix(source, "="+shippedBridge))
	}), nil
}
