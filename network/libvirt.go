package network

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// Reservation is an address that the libvirt network keeps for a MAC address.
type Reservation struct {
	Name    string // also its name in the VMs' DNS
	MAC     string
	Address netip.Addr
}

// definition is the libvirt network. Forward mode "open" has libvirt add no
// firewall rules, which no accept of ours could overrule.
func (f *Fabric) definition() (*libvirtxml.Network, error) {
	note, err := metadata(f.Deployment)
	if err != nil {
		return nil, err
	}
	var hosts []libvirtxml.NetworkDHCPHost
	for _, r := range f.Reservations {
		hosts = append(hosts, libvirtxml.NetworkDHCPHost{MAC: r.MAC, Name: r.Name, IP: r.Address.String()})
	}
	return &libvirtxml.Network{
		Name:     f.Spec.Name,
		UUID:     uuidOf(f.Deployment),
		Metadata: note,
		MAC:      &libvirtxml.NetworkMAC{Address: macOf(f.Deployment)},
		Forward:  &libvirtxml.NetworkForward{Mode: "open"},
		Bridge:   &libvirtxml.NetworkBridge{Name: f.Spec.Bridge, STP: "on", Delay: "0"},
		IPs: []libvirtxml.NetworkIP{{
			Address: f.Spec.nth(1).String(),
			Netmask: net.IP(net.CIDRMask(f.Spec.Subnet.Bits(), 32)).String(),
			DHCP: &libvirtxml.NetworkDHCP{
				Ranges: []libvirtxml.NetworkDHCPRange{{Start: f.Spec.nth(100).String(), End: f.Spec.nth(240).String()}},
				Hosts:  hosts,
			},
		}},
	}, nil
}

// standing is the libvirt network of our name, and what else is there.
type standing struct {
	network   *libvirt.Network    // nil: not defined
	defined   *libvirtxml.Network // what the next start gives
	live      *libvirtxml.Network // what runs; nil: nothing
	dhcp      []lease             // of what is defined
	liveDHCP  []lease             // of what runs
	guests    int                 // VMs attached to what runs
	boots     bool                // autostart
	owner     string              // of the mark; empty: not ours
	strangers []*libvirtxml.Network
	leaving   *idling // the shipped network, about to go; nil: none
}

// ask reads all of libvirt's networks, inactive ones too.
func (f *Fabric) ask(virt *libvirt.Libvirt) (*standing, error) {
	is := &standing{}
	all, _, err := virt.ConnectListAllNetworks(1, 0)
	if err != nil {
		return nil, fmt.Errorf("listing libvirt's networks: %w", err)
	}
	if f.Leaving != nil && f.Leaving() {
		if is.leaving, err = findIdle(virt); err != nil {
			return nil, err
		}
	}
	for _, network := range all {
		if is.leaving != nil && network.Name == shippedName {
			continue
		}
		if network.Name == f.Spec.Name {
			is.network = &network
			if err := is.read(virt); err != nil {
				return nil, fmt.Errorf("libvirt network %s: %w", network.Name, err)
			}
			continue
		}
		stranger, _, err := describe(virt, network, 0)
		if gone(err, libvirt.ErrNoNetwork) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("libvirt network %s: %w", network.Name, err)
		}
		is.strangers = append(is.strangers, stranger)
	}
	return is, nil
}

func (is *standing) read(virt *libvirt.Libvirt) error {
	active, err := virt.NetworkIsActive(*is.network)
	if err != nil {
		return err
	}
	boots, err := virt.NetworkGetAutostart(*is.network)
	if err != nil {
		return err
	}
	is.boots = boots == 1
	if is.defined, _, err = describe(virt, *is.network, uint32(libvirt.NetworkXMLInactive)); err != nil {
		return err
	}
	if is.dhcp, err = leases(is.defined); err != nil {
		return err
	}
	if active == 1 {
		if is.live, is.guests, err = describe(virt, *is.network, 0); err != nil {
			return err
		}
		if is.liveDHCP, err = leases(is.live); err != nil {
			return err
		}
	}
	is.owner, err = owner(is.defined)
	return err
}

// describe reads a network's definition and how many VMs are attached to it.
func describe(virt *libvirt.Libvirt, network libvirt.Network, flags uint32) (*libvirtxml.Network, int, error) {
	text, err := virt.NetworkGetXMLDesc(network, flags)
	if err != nil {
		return nil, 0, err
	}
	parsed := &libvirtxml.Network{}
	if err := parsed.Unmarshal(text); err != nil {
		return nil, 0, fmt.Errorf("reading its definition: %w", err)
	}
	var attached struct {
		Connections int `xml:"connections,attr"` // libvirtxml leaves it out
	}
	if err := xml.Unmarshal([]byte(text), &attached); err != nil {
		return nil, 0, fmt.Errorf("reading its definition: %w", err)
	}
	return parsed, attached.Connections, nil
}

// gone says whether libvirt answered that what it listed a moment ago is not there, by the number of that error.
func gone(err error, number libvirt.ErrorNumber) bool {
	answer, is := errors.AsType[libvirt.Error](err)
	return is && libvirt.ErrorNumber(answer.Code) == number
}

// shape is what of a network cannot change while it runs, in words.
func shape(n *libvirtxml.Network) map[string]string {
	words := map[string]string{"forward mode": "none", "bridge": "", "address": ""}
	if n.Forward != nil {
		words["forward mode"] = n.Forward.Mode
	}
	if n.Bridge != nil {
		words["bridge"] = n.Bridge.Name
		words["bridge's STP"] = n.Bridge.STP + " " + n.Bridge.Delay
	}
	for _, ip := range n.IPs {
		words["address"] += ip.Address + "/" + ip.Netmask
	}
	return words
}

// compare lists where the shape of a network differs from the wanted one.
func compare(is, want *libvirtxml.Network) []string {
	var reasons []string
	has, should := shape(is), shape(want)
	for what, value := range should {
		if has[what] != value {
			reasons = append(reasons, fmt.Sprintf("%s is %s, configured %s", what, has[what], value))
		}
	}
	slices.Sort(reasons)
	return reasons
}
