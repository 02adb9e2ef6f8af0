package network

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// needs are the packets that have to get through this host's firewalls.
func (f *Fabric) needs(up Uplink) []packet {
	var all []packet
	for _, wan := range up.WAN {
		all = append(all, f.needsOfWAN(way{wan, f.Spec.Bridge}, way{f.Spec.Bridge, wan})...)
	}
	if f.Spec.Hairpin != HairpinNever && len(f.Kubenodes) > 0 {
		node, other := f.Kubenodes[0].Address, f.Kubenodes[len(f.Kubenodes)-1].Address
		among := way{f.Spec.Bridge, f.Spec.Bridge}
		all = append(all, tcp().begins(among, nodeHTTPS).aimed(node, other).sent(), tcp().answers(among, nodeHTTPS).aimed(other, node).sent())
	}
	return append(all, f.needsOfHost()...)
}

// needsOfWAN are requests and calls from the internet, what the VMs may ask of it,
// and the answers.
func (f *Fabric) needsOfWAN(in, out way) []packet {
	var all []packet
	var somebody netip.Addr
	for _, node := range f.Kubenodes {
		for _, port := range []uint16{nodeHTTP, nodeHTTPS} {
			all = append(all, tcp().begins(in, port).aimed(somebody, node.Address).sent(), tcp().answers(out, port).aimed(node.Address, somebody).sent())
		}
	}
	if f.Calling.IsValid() {
		all = append(all,
			tcp().begins(in, stun).aimed(somebody, f.Calling).sent(), tcp().answers(out, stun).aimed(f.Calling, somebody).sent(),
			udp().begins(in, f.Spec.Media.First).aimed(somebody, f.Calling).sent(), udp().answers(out, f.Spec.Media.First).aimed(f.Calling, somebody).sent())
	}
	if f.Spec.Egress != EgressNone {
		vm := f.Spec.nth(10)
		all = append(all, tcp().begins(out, 443).aimed(vm, somebody), tcp().answers(in, 443).aimed(somebody, vm),
			udp().begins(out, 53).aimed(vm, somebody), udp().answers(in, 53).aimed(somebody, vm))
	}
	return all
}

// needsOfHost are the VMs' questions for DHCP and DNS, and their answers over SSH.
func (f *Fabric) needsOfHost() []packet {
	host, vm, gateway := way{f.Spec.Bridge, ""}, f.Spec.nth(10), f.Spec.nth(1)
	dhcp := udp().begins(host, 67).aimed(netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})).local(unix.RTN_BROADCAST)
	dhcp.transport.set(0, 0, 68)
	return []packet{
		dhcp,
		udp().begins(host, 53).aimed(vm, gateway).local(unix.RTN_LOCAL),
		tcp().begins(host, 53).aimed(vm, gateway).local(unix.RTN_LOCAL),
		tcp().answers(host, 22).aimed(vm, gateway).local(unix.RTN_LOCAL),
	}
}
