package network

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// While others' interfaces and addresses come and go the kernel says that a long list is none: then it is asked again.
func TestListsAreSteady(t *testing.T) {
	const many = 1000 // a list of several messages
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "many0"}, PeerName: "many1"}
	if err := netlink.LinkAdd(link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netlink.LinkDel(link) })
	has := func(change func(netlink.Link, *netlink.Addr) error, i int) error {
		address, err := netlink.ParseAddr(fmt.Sprintf("10.200.%d.%d/32", i/250, i%250))
		if err != nil {
			return err
		}
		return change(link, address)
	}
	for i := range many {
		if err := has(netlink.AddrAdd, i); err != nil {
			t.Fatal(err)
		}
	}
	ctx, done := context.WithCancel(context.Background())
	var others sync.WaitGroup
	others.Go(func() {
		for pause := time.NewTicker(2 * time.Millisecond); ctx.Err() == nil; <-pause.C {
			_ = has(netlink.AddrAdd, many)
			_ = has(netlink.AddrDel, many)
		}
	})
	defer others.Wait()
	defer done()
	for range 50 {
		if all, err := addresses(link); err != nil || len(all) < many {
			t.Fatalf("%d addresses, %v", len(all), err)
		}
	}
}
