package network

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// packet is one that has to get through the firewalls of this host, as far as it is
// known: nobody can tell which address a client has.
type packet struct {
	way
	network, transport header
	state              uint32 // of its connection, as "ct state" gives it
	dnat               bool   // its connection was sent to another destination
	kind               uint32 // of its destination: unix.RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST
}

// way is from one interface to another; to is empty for the host itself.
type way struct{ from, to string }

// header holds the bytes that are known, by their offset.
type header map[int]byte

func (h header) set(offset int, bytes ...byte) {
	for i, b := range bytes {
		h[offset+i] = b
	}
}

// get is part of the header; nil if not all of it is known.
func (h header) get(offset, length int) []byte {
	var found []byte
	for i := range length {
		b, known := h[offset+i]
		if !known {
			return nil
		}
		found = append(found, b)
	}
	return found
}

// begins is the first packet of a connection to the port.
func (p protocol) begins(w way, port uint16) packet {
	k := packet{way: w, network: header{9: p.number}, transport: header{}, state: expr.CtStateBitNEW, kind: unix.RTN_UNICAST}
	k.transport.set(2, binaryutil.BigEndian.PutUint16(port)...)
	if p == tcp() {
		k.transport.set(13, 0x02) // SYN
	}
	return k
}

// answers is a packet back from the port.
func (p protocol) answers(w way, port uint16) packet {
	k := packet{way: w, network: header{9: p.number}, transport: header{}, state: expr.CtStateBitESTABLISHED, kind: unix.RTN_UNICAST}
	k.transport.set(0, binaryutil.BigEndian.PutUint16(port)...)
	if p == tcp() {
		k.transport.set(13, 0x10) // ACK
	}
	return k
}

// aimed gives the packet the addresses that are known.
func (k packet) aimed(from, to netip.Addr) packet {
	if from.IsValid() {
		k.network.set(12, from.AsSlice()...)
	}
	if to.IsValid() {
		k.network.set(16, to.AsSlice()...)
	}
	return k
}

// sent says that the packet's connection went to another destination by DNAT.
func (k packet) sent() packet {
	k.dnat = true
	return k
}

// local says that the packet is for the host, by an address of the kind.
func (k packet) local(kind uint32) packet {
	k.kind = kind
	return k
}

// load is what a piece of the packet holds; nil if that is not known.
func (k packet) load(e expr.Any) []byte {
	switch e := e.(type) {
	case *expr.Payload:
		switch e.Base {
		case expr.PayloadBaseNetworkHeader:
			return k.network.get(int(e.Offset), int(e.Len))
		case expr.PayloadBaseTransportHeader:
			return k.transport.get(int(e.Offset), int(e.Len))
		}
	case *expr.Meta:
		return k.meta(e.Key)
	case *expr.Ct:
		return k.ct(e.Key)
	case *expr.Fib:
		if e.ResultADDRTYPE && e.FlagDADDR {
			return native(k.kind)
		}
	case *expr.Immediate:
		return e.Data
	}
	return nil
}

func (k packet) meta(key expr.MetaKey) []byte {
	switch key {
	case expr.MetaKeyIIF:
		return index(k.from)
	case expr.MetaKeyOIF:
		return index(k.to)
	case expr.MetaKeyIIFNAME:
		return padded(k.from)
	case expr.MetaKeyOIFNAME:
		return padded(k.to)
	case expr.MetaKeyNFPROTO:
		return []byte{unix.NFPROTO_IPV4}
	case expr.MetaKeyPROTOCOL:
		return binaryutil.BigEndian.PutUint16(unix.ETH_P_IP)
	case expr.MetaKeyL4PROTO:
		return k.network.get(9, 1)
	default:
		return nil
	}
}

// index is the interface's number; one that is not there yet has a number that no
// rule names.
func index(name string) []byte {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return native(math.MaxUint32)
	}
	return native(uint32(link.Attrs().Index))
}

func (k packet) ct(key expr.CtKey) []byte {
	switch key {
	case expr.CtKeySTATE:
		return native(k.state)
	case expr.CtKeySTATUS:
		return native(k.status())
	default:
		return nil
	}
}

// destinationNAT is IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.
const destinationNAT = 1 << 5

func (k packet) status() uint32 {
	if k.dnat {
		return destinationNAT
	}
	return 0
}

func native(value uint32) []byte {
	return binary.NativeEndian.AppendUint32(nil, value)
}
