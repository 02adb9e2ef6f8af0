package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"

	"github.com/vishvananda/netlink"
)

// apply names the interfaces and asks for their addresses.
func (n NetworkConfig) apply(ctx context.Context, hostname string) error {
	errs := []error{bringUp("lo")}
	for name, e := range n.Ethernets {
		if err := e.apply(ctx, hostname); err != nil {
			errs = append(errs, fmt.Errorf("network-config: %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (e Ethernet) apply(ctx context.Context, hostname string) error {
	mac, err := net.ParseMAC(e.Match.MACAddress)
	if err != nil {
		return err
	}
	link, err := linkWith(mac)
	if err != nil {
		return err
	}
	if link.Attrs().Name != e.SetName {
		if err := netlink.LinkSetName(link, e.SetName); err != nil {
			return fmt.Errorf("rename %s to %s: %w", link.Attrs().Name, e.SetName, err)
		}
	}
	if err := bringUp(e.SetName); err != nil || !e.DHCP4 {
		return err
	}
	return lease(ctx, e.SetName, hostname)
}

// linkWith finds the interface with a MAC address.
func linkWith(mac net.HardwareAddr) (netlink.Link, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if bytes.Equal(l.Attrs().HardwareAddr, mac) {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no interface has the address %s", mac)
}

func bringUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// lease starts busybox's DHCP client, which stays to renew the lease. When no
// server answers in time it goes on asking in the background.
func lease(ctx context.Context, name, hostname string) error {
	out, err := exec.CommandContext(ctx, "busybox", "udhcpc", "-i", name, "-b", "-t", "10", "-T", "1", "-A", "2",
		"-S", "-x", "hostname:"+hostname, "-s", "/etc/udhcpc.script").CombinedOutput()
	if err != nil {
		return fmt.Errorf("dhcp on %s: %w: %s", name, err, out)
	}
	return nil
}
