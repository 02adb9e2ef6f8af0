package network

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// holds goes on with what is known to match, or not.
func (m *matching) holds(matches bool) { m.fails = m.fails || !matches }

// compare matches a register with a value, or a range of values. Of an interface's
// name a rule may compare the beginning only ("virbr*").
func (m *matching) compare(op expr.CmpOp, register uint32, from, to []byte) {
	value := m.registers[register]
	if len(value) < len(from) {
		m.sure = false
		return
	}
	low, high := bytes.Compare(value[:len(from)], from), bytes.Compare(value[:len(to)], to)
	switch op {
	case expr.CmpOpEq:
		m.holds(low >= 0 && high <= 0)
	case expr.CmpOpNeq:
		m.holds(low < 0 || high > 0)
	case expr.CmpOpLt:
		m.holds(low < 0)
	case expr.CmpOpLte:
		m.holds(low <= 0)
	case expr.CmpOpGt:
		m.holds(low > 0)
	case expr.CmpOpGte:
		m.holds(low >= 0)
	}
}

// lookup matches a register with a set. The verdict is that of a map's element; an
// unknown value may have any of the map's.
func (m *matching) lookup(e *expr.Lookup, s *elements) *expr.Verdict {
	value := m.registers[e.SourceRegister]
	if value == nil || s == nil || s.Concatenation || s.Interval && len(value) == unix.IFNAMSIZ {
		m.sure = false
		if s != nil && e.IsDestRegSet && e.DestRegister == verdictRegister && slices.ContainsFunc(s.all, lets) {
			return &expr.Verdict{Kind: expr.VerdictAccept}
		}
		return nil
	}
	found, has := s.find(value)
	m.holds(has != e.Invert)
	if !has || !e.IsDestRegSet {
		return nil
	}
	if e.DestRegister != verdictRegister {
		m.registers[e.DestRegister] = found.Val
		return nil
	}
	return verdictOf(found)
}

// lets says whether a map's element may let a packet through.
func lets(element nftables.SetElement) bool {
	verdict := verdictOf(element)
	return verdict != nil && verdict.Kind != expr.VerdictDrop && verdict.Kind != expr.VerdictReturn
}

// elements is a set of nftables with what is in it.
type elements struct {
	*nftables.Set
	all []nftables.SetElement
}

// find is the element for the value; those of an interval set are its beginnings
// and ends.
func (s *elements) find(value []byte) (nftables.SetElement, bool) {
	var best *nftables.SetElement
	for i, element := range s.all {
		order := bytes.Compare(element.Key, value)
		if !s.Interval && order == 0 {
			return element, true
		}
		if s.Interval && order <= 0 && (best == nil || bytes.Compare(element.Key, best.Key) > 0) {
			best = &s.all[i]
		}
	}
	if best == nil || best.IntervalEnd {
		return nftables.SetElement{}, false
	}
	return *best, true
}

// verdictOf reads the verdict of a map's element, which the library leaves packed.
func verdictOf(element nftables.SetElement) *expr.Verdict {
	parsed, err := nl.ParseRouteAttr(element.Val)
	if err != nil {
		return nil
	}
	verdict := &expr.Verdict{}
	for _, attribute := range parsed {
		switch {
		case attribute.Attr.Type&^unix.NLA_F_NESTED == unix.NFTA_VERDICT_CODE && len(attribute.Value) == 4:
			verdict.Kind = expr.VerdictKind(int32(binary.BigEndian.Uint32(attribute.Value)))
		case attribute.Attr.Type&^unix.NLA_F_NESTED == unix.NFTA_VERDICT_CHAIN:
			verdict.Chain = strings.TrimRight(string(attribute.Value), "\x00")
		}
	}
	return verdict
}

// extension matches one of iptables' own matches, which iptables leaves in their old
// form inside nftables.
func (m *matching) extension(e *expr.Match) {
	switch info := e.Info.(type) {
	case *xt.Comment:
		// says nothing of the packet
	case *xt.ConntrackMtinfo1:
		m.conntrack(info.MatchFlags, info.InvertFlags, uint16(info.StateMask), uint16(info.StatusMask))
	case *xt.ConntrackMtinfo2:
		m.conntrack(info.MatchFlags, info.InvertFlags, info.StateMask, info.StatusMask)
	case *xt.ConntrackMtinfo3:
		m.conntrack(info.MatchFlags, info.InvertFlags, info.StateMask, info.StatusMask)
	case *xt.AddrTypeV1:
		m.addressType(info)
	case *xt.Tcp:
		m.port(0, info.SrcPorts, info.InvFlags&xt.TcpInvSrcPorts != 0)
		m.port(2, info.DstPorts, info.InvFlags&xt.TcpInvDestPorts != 0)
		m.sure = m.sure && info.Option == 0 && info.FlagsMask == 0
	case *xt.Udp:
		m.port(0, info.SrcPorts, info.InvFlags&xt.UdpInvSrcPorts != 0)
		m.port(2, info.DstPorts, info.InvFlags&xt.UdpInvDestPorts != 0)
	default:
		m.sure = false
	}
}

// conntrack matches the state of the packet's connection: its bits are those of
// nftables' "ct state", but for DNAT's.
func (m *matching) conntrack(flags, inverted, states, status uint16) {
	const dnatState = 1 << 7 // XT_CONNTRACK_STATE_DNAT, linux/netfilter/xt_conntrack.h
	if flags&uint16(xt.ConntrackState) != 0 {
		is := uint16(m.packet.state)
		if m.packet.dnat {
			is |= dnatState
		}
		m.holds(is&states != 0 != (inverted&uint16(xt.ConntrackState) != 0))
	}
	if flags&uint16(xt.ConntrackStatus) != 0 {
		m.holds(uint16(m.packet.status())&status != 0 != (inverted&uint16(xt.ConntrackStatus) != 0))
	}
	if flags&^uint16(xt.ConntrackState|xt.ConntrackStatus|xt.ConntrackStateAlias) != 0 {
		m.sure = false
	}
}

// addressType matches the kind of the destination; nothing here has a source that is
// the host's own.
func (m *matching) addressType(info *xt.AddrTypeV1) {
	const invertSource, invertDest, limited = 1, 2, 4 | 8 // linux/netfilter/xt_addrtype.h
	if info.Dest != 0 {
		m.holds(info.Dest&(1<<m.packet.kind) != 0 != (info.Flags&invertDest != 0))
	}
	if info.Source != 0 {
		m.holds(info.Source&(1<<unix.RTN_UNICAST) != 0 != (info.Flags&invertSource != 0))
	}
	m.sure = m.sure && info.Flags&limited == 0
}

// port matches the port at the offset in the transport header with a range.
func (m *matching) port(offset int, within [2]uint16, inverted bool) {
	if within == [2]uint16{0, 65535} {
		return
	}
	value := m.packet.transport.get(offset, 2)
	if value == nil {
		m.sure = false
		return
	}
	port := binary.BigEndian.Uint16(value)
	m.holds((port >= within[0] && port <= within[1]) != inverted)
}
