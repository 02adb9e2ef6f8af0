package network

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
)

// lent is the usual network on an interface of somebody else, who has given it the
// address, if any.
func lent(t *testing.T, address string) *Fabric {
	t.Helper()
	needRoot(t)
	f := usual()
	f.Libvirt, f.Leaving, f.Spec.Bridge = nil, nil, "lent0"
	if address == "" {
		return f
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "lent0", MTU: 1400}}
	if err := netlink.LinkAdd(bridge); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { netlink.LinkDel(bridge) })
	parsed, err := netlink.ParseAddr(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(netlink.AddrAdd(bridge, parsed), netlink.LinkSetUp(bridge)); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLentBridgeIsMissing(t *testing.T) {
	f := lent(t, "")
	for _, err := range []error{f.Check(context.Background()), f.leads()} {
		if !errors.Is(err, BridgeMissing.Failf("")) || !strings.Contains(err.Error(), "there is no interface lent0") {
			t.Errorf("got %v, want a Failure of kind %s", err, BridgeMissing.ID)
		}
	}
	if _, err := f.planBridge(context.Background()); !errors.Is(err, BridgeMissing.Failf("")) {
		t.Errorf("plan: %v", err)
	}
	if _, err := f.Spec.MTU(); !errors.Is(err, BridgeMissing.Failf("")) {
		t.Errorf("MTU: %v", err)
	}
}

func TestLentBridgeLeadsElsewhere(t *testing.T) {
	f := lent(t, "10.99.0.1/24")
	err := f.leads()
	if !errors.Is(err, BridgeMissing.Failf("")) || strings.Count(err.Error(), "through wan0, configured network.bridge: lent0") != len(f.Reservations) {
		t.Errorf("got %v, want a Failure of kind %s for each VM", err, BridgeMissing.ID)
	}
	f.Spec.Bridge = "wan0"
	if err := f.leads(); err == nil || !strings.Contains(err.Error(), "through a router, 203.0.113.1") {
		t.Errorf("behind a router: %v", err)
	}
}

// Nothing of libvirt is asked, and no change of the interface is planned.
func TestLentBridge(t *testing.T) {
	f := lent(t, "192.168.122.5/24")
	if err := f.place(context.Background()); err != nil {
		t.Error(err)
	}
	changes, err := f.planBridge(context.Background())
	if err != nil || len(changes) != 0 {
		t.Errorf("plan: %v, %v", changes, err)
	}
	if changes, err := f.removeBridge(context.Background()); err != nil || len(changes) != 0 {
		t.Errorf("remove: %v, %v", changes, err)
	}
	if mtu, err := f.Spec.MTU(); err != nil || mtu != 1400 {
		t.Errorf("MTU: %d, %v", mtu, err)
	}
}
