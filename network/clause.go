package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// clause is a piece of a rule twice: as nft writes it, and as the kernel takes
// it. The two are held together by a test that lets nft list what we load.
type clause struct {
	text  string
	exprs []expr.Any
}

// register is the one that all our expressions use; an address and a port given
// together need a second (portRegister).
const (
	register     = 1
	portRegister = 2
)

func equals(data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: data}
}

// iifname matches packets that came in by the interface.
func iifname(name string) clause {
	return clause{fmt.Sprintf("iifname %q", name), []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: register}, equals(padded(name))}}
}

// oifname matches packets that leave by the interface.
func oifname(name string) clause {
	return clause{fmt.Sprintf("oifname %q", name), []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register}, equals(padded(name))}}
}

// padded is an interface's name as the kernel compares it.
func padded(name string) []byte {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return data
}

// toHost matches packets for an address of this host, whichever.
func toHost() clause {
	return clause{"fib daddr type local", []expr.Any{
		&expr.Fib{Register: register, FlagDADDR: true, ResultADDRTYPE: true},
		equals(binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)),
	}}
}

// to matches packets for the address.
func to(address netip.Addr) clause {
	return clause{"ip daddr " + address.String(), []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
		equals(address.AsSlice()),
	}}
}

// fromHost matches packets from the address.
func fromHost(address netip.Addr) clause {
	return clause{"ip saddr " + address.String(), prefix(netip.PrefixFrom(address, address.BitLen()), 12)}
}

// from matches packets from an address in the IPv4 subnet.
func from(subnet netip.Prefix) clause {
	return clause{"ip saddr " + subnet.Masked().String(), prefix(subnet, 12)}
}

// prefix compares the address that stands at the offset of the network header with
// the network, by whole bytes where it can, as nft does.
func prefix(network netip.Prefix, offset uint32) []expr.Any {
	first, whole := network.Masked().Addr().AsSlice(), network.Bits()/8
	address := &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(len(first))}
	if network.Bits()%8 == 0 {
		address.Len = uint32(whole)
		return []expr.Any{address, equals(first[:whole])}
	}
	mask := net.CIDRMask(network.Bits(), network.Addr().BitLen())
	return []expr.Any{address,
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: address.Len, Mask: mask, Xor: make([]byte, len(first))},
		equals(first),
	}
}

// protocol is a transport protocol by nft's name and the kernel's number.
type protocol struct {
	name   string
	number byte
}

func tcp() protocol { return protocol{"tcp", unix.IPPROTO_TCP} }
func udp() protocol { return protocol{"udp", unix.IPPROTO_UDP} }

// port matches packets for the port.
func (p protocol) port(number uint16) clause {
	return clause{fmt.Sprintf("%s dport %d", p.name, number), append(p.dport(), equals(binaryutil.BigEndian.PutUint16(number)))}
}

// ports matches packets for a port in the range.
func (p protocol) ports(r PortRange) clause {
	return clause{fmt.Sprintf("%s dport %s", p.name, r), append(p.dport(),
		&expr.Cmp{Op: expr.CmpOpGte, Register: register, Data: binaryutil.BigEndian.PutUint16(r.First)},
		&expr.Cmp{Op: expr.CmpOpLte, Register: register, Data: binaryutil.BigEndian.PutUint16(r.Last)})}
}

// dport loads the destination port of the protocol's packets.
func (p protocol) dport() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
		equals([]byte{p.number}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
	}
}

// oneIn matches one packet in so many, at random.
func oneIn(many int) clause {
	return clause{fmt.Sprintf("numgen random mod %d 0", many), []expr.Any{
		&expr.Numgen{Register: register, Modulus: uint32(many), Type: unix.NFT_NG_RANDOM},
		equals(binaryutil.NativeEndian.PutUint32(0)),
	}}
}

// dnatted matches packets whose connection had its destination changed.
func dnatted() clause {
	return clause{"ct status dnat", flagged(expr.CtKeySTATUS, destinationNAT)}
}

// begins matches packets that would be a connection's first.
func begins() clause { return clause{"ct state new", flagged(expr.CtKeySTATE, expr.CtStateBitNEW)} }

// flagged matches packets whose connection has the flag set.
func flagged(key expr.CtKey, flag uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: register},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(flag), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: make([]byte, 4)},
	}
}

// counted counts what matched so far.
func counted() clause { return clause{"counter", []expr.Any{&expr.Counter{}}} }

// dnat sends the connection to the address, its port unchanged.
func dnat(address netip.Addr) clause {
	return clause{"dnat to " + address.String(), []expr.Any{
		&expr.Immediate{Register: register, Data: address.AsSlice()},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: register},
	}}
}

// dnatPort sends the connection to the address and port.
func dnatPort(target netip.AddrPort) clause {
	return clause{"dnat to " + target.String(), []expr.Any{
		&expr.Immediate{Register: register, Data: target.Addr().AsSlice()},
		&expr.Immediate{Register: portRegister, Data: binaryutil.BigEndian.PutUint16(target.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: register, RegProtoMin: portRegister, Specified: true},
	}}
}

// masquerade gives the connection this host's address as its source.
func masquerade() clause { return clause{"masquerade", []expr.Any{&expr.Masq{}}} }

// jump goes on in the named chain, and comes back if nothing there decides.
func jump(chain string) clause {
	return clause{"jump " + chain, []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chain}}}
}

// goTo goes on in the named chain for good.
func goTo(chain string) clause {
	return clause{"goto " + chain, []expr.Any{&expr.Verdict{Kind: expr.VerdictGoto, Chain: chain}}}
}

// accept lets the packet through, as far as this chain is concerned.
func accept() clause {
	return clause{"accept", []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}}
}

// drop throws the packet away, whatever other tables say.
func drop() clause { return clause{"drop", []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}} }

// hook is where the kernel calls a base chain.
type hook struct {
	text     string // as nft lists it
	kind     nftables.ChainType
	number   *nftables.ChainHook
	priority *nftables.ChainPriority
}
