package network

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/vishvananda/netlink"
)

// enough is how many answers, or failures, in a row make a kubenode come or go:
// a single packet may be lost.
const enough = 2

// Target is a kubenode and where its ingress answers.
type Target struct {
	Name    string
	Ingress netip.AddrPort
}

// chainName is a subset of what nft takes for a chain's name.
var chainName = regexp.MustCompile(`^[a-z][-a-z0-9]{0,62}$`)

// ParseTarget reads "kubenode1=192.168.122.21:31773".
func ParseTarget(text string) (Target, error) {
	name, where, _ := strings.Cut(text, "=")
	ingress, err := netip.ParseAddrPort(where)
	if err != nil || !chainName.MatchString(name) || !ingress.Addr().Is4() {
		return Target{}, fmt.Errorf("%q is not a kubenode and its ingress such as kubenode1=192.168.122.21:%d", text, nodeHTTPS)
	}
	return Target{name, ingress}, nil
}

// String is what ParseTarget reads.
func (t Target) String() string { return t.Name + "=" + t.Ingress.String() }

// health is whether a kubenode answers.
type health struct {
	Target
	out     bool
	against int // probes in a row that say otherwise
}

// note takes in what a probe found, and says whether the kubenode comes or goes.
func (h *health) note(failed bool) bool {
	if failed == h.out {
		h.against = 0
		return false
	}
	if h.against++; h.against < enough {
		return false
	}
	h.out, h.against = failed, 0
	return true
}

// fleet is the health of all kubenodes.
type fleet []health

// fit are those that answer; all of them, if none does: the spread is never empty.
func (all fleet) fit() []string {
	var fit []string
	for _, node := range all {
		if !node.out {
			fit = append(fit, node.Name)
		}
	}
	if len(fit) == 0 {
		return all.names()
	}
	return fit
}

func (all fleet) names() []string {
	var names []string
	for _, node := range all {
		names = append(names, node.Name)
	}
	return names
}

// halfOpen matches connections to the address that it has not answered yet.
type halfOpen netip.Addr

// synSent is the kernel's TCP_CONNTRACK_SYN_SENT.
const synSent = 1

// MatchConntrackFlow looks at a connection's state and, as its destination was
// changed, at where its answers come from.
func (h halfOpen) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	state, isTCP := flow.ProtoInfo.(*netlink.ProtoInfoTCP)
	from, known := netip.AddrFromSlice(flow.Reverse.SrcIP)
	return isTCP && state.State == synSent && known && from.Unmap() == netip.Addr(h)
}

// forgetHalfOpen has the kernel forget the connections that the address has not answered
// yet: a client that tries again is sent elsewhere, and not there once more.
func forgetHalfOpen(to netip.Addr) error {
	_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, netlink.FAMILY_V4, halfOpen(to))
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) { // then it forgot what it could
		return fmt.Errorf("forgetting the connections begun to %s: %w", to, err)
	}
	return nil
}
