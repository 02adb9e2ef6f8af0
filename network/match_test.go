package network

import (
	"testing"

	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"
)

// What iptables before 1.8.8 leaves in its old form (Ubuntu 22.04), and what no version translates.
func TestExtensions(t *testing.T) {
	web, dns := tcp().begins(way{"wan0", "virbr0"}, nodeHTTPS).sent(), udp().begins(way{"virbr0", ""}, 53).local(unix.RTN_LOCAL)
	all := [2]uint16{0, 65535}
	for _, tc := range []struct {
		name   string
		packet packet
		info   xt.InfoAny
		fails  bool
		sure   bool
	}{
		{"a port", dns, &xt.Udp{SrcPorts: all, DstPorts: [2]uint16{53, 53}}, false, true},
		{"not a port", dns, &xt.Udp{SrcPorts: all, DstPorts: [2]uint16{53, 53}, InvFlags: xt.UdpInvDestPorts}, true, true},
		{"another port", dns, &xt.Udp{SrcPorts: all, DstPorts: [2]uint16{54, 99}}, true, true},
		{"a client's port", web, &xt.Tcp{SrcPorts: [2]uint16{1024, 65535}, DstPorts: all}, false, false},
		{"ports of TCP", web, &xt.Tcp{SrcPorts: all, DstPorts: [2]uint16{31772, 31773}}, false, true},
		{"flags of TCP", web, &xt.Tcp{SrcPorts: all, DstPorts: all, FlagsMask: 0x17, FlagsCmp: 2}, false, false},
		{"for this host", dns, &xt.AddrTypeV1{Dest: 1 << unix.RTN_LOCAL}, false, true},
		{"not for this host", dns, &xt.AddrTypeV1{Dest: 1 << unix.RTN_LOCAL, Flags: 2}, true, true},
		{"for this host, by this interface", dns, &xt.AddrTypeV1{Dest: 1 << unix.RTN_LOCAL, Flags: 4}, false, false},
		{"from this host", web, &xt.AddrTypeV1{Source: 1 << unix.RTN_LOCAL}, true, true},
		{"DNAT", web, &xt.ConntrackMtinfo1{ConntrackMtinfoBase: xt.ConntrackMtinfoBase{MatchFlags: uint16(xt.ConntrackStatus)}, StatusMask: destinationNAT}, false, true},
		{"another's addresses", web, &xt.ConntrackMtinfo1{ConntrackMtinfoBase: xt.ConntrackMtinfoBase{MatchFlags: uint16(xt.ConntrackOrigSrc)}}, false, false},
		{"what is not known", web, &xt.Unknown{}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := matching{packet: tc.packet, sure: true}
			m.match(&expr.Match{Info: tc.info})
			if m.fails != tc.fails || m.sure != tc.sure {
				t.Errorf("fails %v, sure %v; want %v, %v", m.fails, m.sure, tc.fails, tc.sure)
			}
		})
	}
}

// Queues are not in every kernel.
func TestProgramDecides(t *testing.T) {
	w := &walk{}
	if end, err := w.obey(&expr.Verdict{Kind: expr.VerdictQueue}, nil, true); end != blocked || !w.doubt || err != nil {
		t.Errorf("got %v, doubt %v (%v), want a doubt", end, w.doubt, err)
	}
}
