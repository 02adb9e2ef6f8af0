package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// settle waits for what new links take a moment for.
func settle(t *testing.T, what string, check func() error) {
	t.Helper()
	settled := change.Condition{Description: what, Deadline: 20 * time.Second, Interval: 50 * time.Millisecond,
		Check: func(context.Context) error { return check() }}
	if err := settled.Await(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

// village is a host with a bridge, three VMs on it that are namespaces, and an
// internet; no rules are loaded.
func village(t *testing.T) (w ways, nodes []place, internet place) {
	t.Helper()
	needRoot(t)
	clear(t)
	for _, s := range settings() {
		if _, exists, _ := s.live(); exists {
			if err := os.WriteFile(s.path(), []byte(s.value), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(t, "ip", "link", "add", "testbr0", "type", "bridge")
	t.Cleanup(func() { run(t, "ip", "link", "delete", "testbr0") })
	run(t, "ip", "address", "add", "10.122.0.1/24", "dev", "testbr0")
	run(t, "ip", "link", "set", "testbr0", "up")
	cable := func(here, there string) {
		run(t, "ip", "link", "add", here, "type", "veth", "peer", "name", there)
		t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", here).Run() }) // it may have gone with its other end
	}
	cable("wan1", "inet1")
	run(t, "ip", "address", "add", "198.51.100.10/24", "dev", "wan1")
	run(t, "ip", "link", "set", "wan1", "up")
	internet = newPlace(t, "inet1", "198.51.100.7/24", "")

	w = ways{Uplink: Uplink{WAN: Links{"wan1"}, Public: netip.MustParseAddr("198.51.100.10")}, bridge: "testbr0", subnet: netip.MustParsePrefix("10.122.0.0/24"), media: PortRange{32768, 65535}, hairpin: true, egress: EgressACME}
	for i := range 3 {
		link := fmt.Sprintf("vm%d", i)
		cable(link, link+"p")
		run(t, "ip", "link", "set", link, "master", "testbr0", "up")
		address := fmt.Sprintf("10.122.0.2%d", i+1)
		node := newPlace(t, link+"p", address+"/24", "10.122.0.1")
		node.serve(t, "https@"+address, nodeHTTPS)
		node.serve(t, "http@"+address, nodeHTTP)
		nodes = append(nodes, node)
		w.kubenodes = append(w.kubenodes, Kubenode{fmt.Sprintf("kubenode%d", i+1), netip.MustParseAddr(address)})
	}
	w.calling = w.kubenodes[2].Address
	settle(t, "the nodes to answer the host", func() error {
		for _, node := range w.kubenodes {
			if _, err := ask(netip.AddrPortFrom(node.Address, nodeHTTPS).String()); err != nil {
				return err
			}
		}
		return nil
	})
	return w, nodes, internet
}

// Real packets: from the internet, from a VM through the public address
// (hairpin), from the host itself; the VMs are namespaces on a bridge.
func TestTrafficArrives(t *testing.T) {
	w, nodes, internet := village(t)
	nodes[2].serve(t, "turn", stun)
	settle(t, "the host to refuse the internet, as long as there are no rules", func() error {
		answer, err := internet.ask(t, "198.51.100.10:443")
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("%q (%w)", answer, err)
		}
		return nil
	})
	for _, port := range []int{443, 25} {
		internet.serve(t, "internet", port)
	}
	routed := func(how string) {
		internet.do(t, func() { run(t, "ip", "route", how, "10.122.0.0/24", "via", "198.51.100.10") })
	}
	routed("add")
	settle(t, "a neighbour to reach a node through this host, as long as there are no rules", func() error {
		_, err := internet.ask(t, "10.122.0.21:31773")
		return err
	})
	routed("delete")
	load(t, w.ruleset())
	t.Run("from the internet, spread over all nodes", func(t *testing.T) {
		seen := map[string]int{}
		for range 60 {
			answer, err := internet.ask(t, "198.51.100.10:443")
			if err != nil {
				t.Fatal(err)
			}
			seen[answer]++
		}
		if len(seen) != 3 {
			t.Errorf("60 connections were answered by %v, want three nodes that see 198.51.100.7", seen)
		}
		for answer := range seen {
			if !strings.HasPrefix(answer, "https@") || !strings.HasSuffix(answer, "sees 198.51.100.7") {
				t.Errorf("answer %q", answer)
			}
		}
	})
	t.Run("http and calls", func(t *testing.T) {
		for port, want := range map[string]string{"80": "http@", "3478": "turn sees 198.51.100.7"} {
			if answer, err := internet.ask(t, "198.51.100.10:"+port); err != nil || !strings.HasPrefix(answer, want) {
				t.Errorf("port %s: %q (%v), want %q…", port, answer, err, want)
			}
		}
	})
	t.Run("hairpin from every node, to itself too", func(t *testing.T) {
		for i, node := range nodes {
			for range 12 {
				if answer, err := node.ask(t, "198.51.100.10:443"); err != nil || !strings.HasSuffix(answer, "sees 10.122.0.1") {
					t.Fatalf("from node %d: %q (%v), want an answer that sees the host", i+1, answer, err)
				}
			}
		}
	})
	t.Run("from the host itself", func(t *testing.T) {
		for range 6 {
			if answer, err := ask("198.51.100.10:443"); err != nil || !strings.HasPrefix(answer, "https@") {
				t.Fatalf("%q (%v), want a node's answer", answer, err)
			}
		}
	})
	t.Run("loopback and other ports are nobody's business", func(t *testing.T) {
		for _, address := range []string{"127.0.0.1:443", "198.51.100.10:22"} {
			if answer, err := ask(address); err == nil {
				t.Errorf("%s answers %q", address, answer)
			}
		}
	})
	t.Run("the way out is open for certificates only", func(t *testing.T) {
		if answer, err := nodes[0].ask(t, "198.51.100.7:443"); err != nil || answer != "internet sees 198.51.100.10" {
			t.Errorf("HTTPS: %q (%v), want an answer that sees the host", answer, err)
		}
		if answer, err := nodes[0].ask(t, "198.51.100.7:25"); err == nil {
			t.Errorf("SMTP: %q, want no answer", answer)
		}
	})
	t.Run("the way out as the configuration says", func(t *testing.T) {
		for egress, want := range map[Egress]string{EgressFull: "443 25", EgressACME: "443", EgressNone: ""} {
			other := w
			other.egress = egress
			load(t, other.ruleset())
			var open []string
			for _, port := range []string{"443", "25"} {
				if _, err := nodes[0].askWithin(t, "198.51.100.7:"+port, 300*time.Millisecond); err == nil {
					open = append(open, port)
				}
			}
			if got := strings.Join(open, " "); got != want {
				t.Errorf("%s: open are the ports %q, want %q", egress, got, want)
			}
		}
		load(t, w.ruleset())
	})
	t.Run("HTTPS from the proxies alone", func(t *testing.T) {
		internet.serve(t, "proxy", 80)
		internet.do(t, func() { run(t, "ip", "address", "add", "198.51.100.8/32", "dev", "eth0") })
		other := w
		other.behind, other.proxies = true, []netip.Addr{netip.MustParseAddr("198.51.100.7")}
		load(t, other.ruleset())
		for from, want := range map[string]string{"198.51.100.7": "443 80", "198.51.100.8": "80"} {
			var open []string
			for _, port := range []string{"443", "80"} {
				if _, err := internet.askFrom(t, from, "198.51.100.10:"+port); err == nil {
					open = append(open, port)
				} else if !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("from %s to %s: %v, want to be refused", from, port, err)
				}
			}
			if got := strings.Join(open, " "); got != want {
				t.Errorf("from %s: open are the ports %q, want %q", from, got, want)
			}
		}
		for who, err := range map[string]error{"a VM": second(nodes[0].ask(t, "198.51.100.10:443")), "the host": second(ask("198.51.100.10:443")),
			"a VM at the proxy": second(nodes[0].ask(t, "198.51.100.7:80"))} {
			if err != nil {
				t.Errorf("%s: %v", who, err)
			}
		}
		load(t, w.ruleset())
		if _, err := nodes[0].askWithin(t, "198.51.100.7:80", 300*time.Millisecond); err == nil {
			t.Error("a VM reaches port 80 of what is no proxy")
		}
		internet.do(t, func() { run(t, "ip", "address", "delete", "198.51.100.8/32", "dev", "eth0") })
	})
	t.Run("a second WAN", func(t *testing.T) {
		run(t, "ip", "link", "add", "wan2", "type", "veth", "peer", "name", "inet2")
		t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", "wan2").Run() })
		run(t, "ip", "address", "add", "192.0.2.10/24", "dev", "wan2")
		run(t, "ip", "link", "set", "wan2", "up")
		second := newPlace(t, "inet2", "192.0.2.7/24", "")
		settle(t, "the host to refuse the second WAN, as long as it is none", func() error {
			answer, err := second.ask(t, "192.0.2.10:443")
			if !errors.Is(err, syscall.ECONNREFUSED) {
				return fmt.Errorf("%q (%w)", answer, err)
			}
			return nil
		})
		both := w
		both.WAN = Links{"wan1", "wan2"}
		load(t, both.ruleset())
		for from, where := range map[string]place{"198.51.100.10": internet, "192.0.2.10": second} {
			if answer, err := where.ask(t, from+":443"); err != nil || !strings.HasPrefix(answer, "https@") {
				t.Errorf("by %s: %q (%v), want a node's answer", from, answer, err)
			}
		}
		load(t, w.ruleset())
	})
	t.Run("neighbours have no other way in, but may answer", func(t *testing.T) {
		routed("add")
		defer routed("delete")
		for _, port := range []string{"31773", "31772", "3478"} {
			if answer, err := internet.ask(t, "10.122.0.23:"+port); !timedOut(err) {
				t.Errorf("port %s of a node, routed: %q (%v), want no answer", port, answer, err)
			}
		}
		if answer, err := internet.ask(t, "198.51.100.10:443"); err != nil || !strings.HasPrefix(answer, "https@") {
			t.Errorf("through the public address: %q (%v), want a node's answer", answer, err)
		}
		if answer, err := nodes[0].ask(t, "198.51.100.7:25"); !timedOut(err) {
			t.Errorf("SMTP to a neighbour that would answer: %q (%v), want no answer", answer, err)
		}
	})
	t.Run("the way out may be open for nothing or for everything", func(t *testing.T) {
		for _, egress := range []Egress{EgressNone, EgressFull} {
			w := w
			w.egress = egress
			load(t, w.ruleset())
			for _, port := range []string{"443", "25"} {
				answer, err := nodes[0].ask(t, "198.51.100.7:"+port)
				if open := answer == "internet sees 198.51.100.10"; open != (egress == EgressFull) {
					t.Errorf("egress %s, port %s: %q (%v)", egress, port, answer, err)
				}
			}
		}
		load(t, w.ruleset())
	})
	t.Run("hairpin through a public address that is not local", func(t *testing.T) {
		w.Public = netip.MustParseAddr("192.0.2.10")
		load(t, w.ruleset())
		for i, node := range nodes {
			if answer, err := node.ask(t, "192.0.2.10:443"); err != nil || !strings.HasSuffix(answer, "sees 10.122.0.1") {
				t.Errorf("from node %d: %q (%v), want an answer that sees the host", i+1, answer, err)
			}
		}
	})
}

// Hairpins from every node to every node, with the rule and without, and with
// bridges that the firewall sees: then the bridge itself undoes the translation on the
// way to another port, but gives nothing back to the port that it came from.
func TestHairpinPairs(t *testing.T) {
	w, nodes, _ := village(t)
	seen := setting{key: "net.bridge.bridge-nf-call-iptables"}
	if _, exists, err := seen.live(); !exists {
		t.Skipf("this kernel has no br_netfilter (%v)", err)
	}
	for _, tc := range []struct {
		bridgeNF       string
		rule           bool
		itself, others bool
	}{
		{"0", true, true, true},
		{"0", false, false, false},
		{"1", true, false, true},
		{"1", false, false, true},
	} {
		t.Run(fmt.Sprintf("bridge-nf %s, rule %v", tc.bridgeNF, tc.rule), func(t *testing.T) {
			if err := os.WriteFile(seen.path(), []byte(tc.bridgeNF), 0o600); err != nil {
				t.Fatal(err)
			}
			for to := range nodes {
				alone := w
				alone.hairpin, alone.kubenodes = tc.rule, w.kubenodes[to:to+1]
				load(t, alone.ruleset())
				for from, node := range nodes {
					_, err := node.askWithin(t, "198.51.100.10:443", 300*time.Millisecond)
					if want := to == from && tc.itself || to != from && tc.others; want != (err == nil) {
						t.Errorf("from node %d to node %d: answered %v (%v), want %v", from+1, to+1, err == nil, err, want)
					}
				}
			}
		})
	}
}

// second is the error of an answer.
func second(_ string, err error) error { return err }

// timedOut says whether nobody answered, not even to refuse.
func timedOut(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Timeout()
}
