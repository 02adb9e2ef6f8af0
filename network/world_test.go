package network

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"wiabctl/provision/change"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// connect gives the namespace loopback and an interface towards an internet,
// whose other end stays here until a test moves it.
func connect() error {
	wan := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "wan0"}, PeerName: "inet0"}
	if err := netlink.LinkAdd(wan); err != nil {
		return fmt.Errorf("adding wan0: %w", err)
	}
	address, err := netlink.ParseAddr("203.0.113.10/24")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(wan, address); err != nil {
		return err
	}
	for _, name := range []string{"lo", "wan0", "inet0"} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return err
		}
	}
	_, everywhere, err := net.ParseCIDR("0.0.0.0/0")
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: wan.Attrs().Index, Dst: everywhere, Gw: net.IPv4(203, 0, 113, 1)})
}

// usual is the network of a deployment in the tests' namespace.
func usual() *Fabric {
	f := &Fabric{
		Deployment: "test",
		Calling:    netip.MustParseAddr("192.168.122.23"),
		Program:    func() (string, error) { return "/usr/local/bin/wiabctl", nil },
		Libvirt:    use,
	}
	for i, address := range []string{"192.168.122.21", "192.168.122.22", "192.168.122.23"} {
		node := Kubenode{fmt.Sprintf("kubenode%d", i+1), netip.MustParseAddr(address)}
		f.Kubenodes = append(f.Kubenodes, node)
		f.Reservations = append(f.Reservations, Reservation{Name: node.Name, MAC: fmt.Sprintf("52:54:00:00:00:%02x", i), Address: node.Address})
	}
	f.Spec.Defaults()
	return f
}

// apply makes the changes in order.
func apply(t *testing.T, changes []change.Change, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := c.Apply(context.Background(), nil); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
}

// lines are a plan's lines; the reason is cut off behind the colon if short.
func lines(t *testing.T, changes []change.Change, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, c := range changes {
		all = append(all, c.String())
	}
	return all
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	said, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// clear removes all that a test may have left.
func clear(t *testing.T) {
	t.Helper()
	run(t, "nft", "flush", "ruleset")
	if unprivileged() {
		return
	}
	err := use(context.Background(), func(virt *libvirt.Libvirt) error {
		domains, _, err := virt.ConnectListAllDomains(1, 0)
		for _, domain := range domains {
			err = errors.Join(err, virt.DomainDestroy(domain))
		}
		networks, _, listing := virt.ConnectListAllNetworks(1, 0)
		err = errors.Join(err, listing)
		for _, network := range networks {
			_ = virt.NetworkDestroy(network)
			_ = virt.NetworkUndefine(network)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// place is another network namespace, a host of its own.
type place struct{ handle netns.NsHandle }

// do runs something there.
func (p place) do(t *testing.T, something func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if err := netns.Set(p.handle); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := netns.Set(here); err != nil {
			t.Fatal(err)
		}
	}()
	something()
}

// newPlace makes a namespace whose eth0 is the given link of this one.
func newPlace(t *testing.T, link, address, gateway string) place {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	there, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	if err := netns.Set(here); err != nil {
		t.Fatal(err)
	}
	moved, err := netlink.LinkByName(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetNsFd(moved, int(there)); err != nil {
		t.Fatal(err)
	}
	p := place{there}
	p.do(t, func() {
		run(t, "ip", "link", "set", "lo", "up")
		run(t, "ip", "link", "set", link, "name", "eth0")
		run(t, "ip", "address", "add", address, "dev", "eth0")
		run(t, "ip", "link", "set", "eth0", "up")
		if gateway != "" {
			run(t, "ip", "route", "add", "default", "via", gateway)
		}
	})
	return p
}

// serve answers every TCP connection with the name.
func (p place) serve(t *testing.T, name string, port int) {
	t.Helper()
	p.do(t, func() {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", fmt.Sprintf(":%d", port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				fmt.Fprintf(conn, "%s sees %s\n", name, conn.RemoteAddr().(*net.TCPAddr).IP)
				conn.Close()
			}
		}()
	})
}

// ask connects from there and returns what is answered.
func (p place) ask(t *testing.T, address string) (answer string, err error) {
	t.Helper()
	return p.askWithin(t, address, time.Second)
}

// askWithin is ask for those who expect no answer.
func (p place) askWithin(t *testing.T, address string, patience time.Duration) (answer string, err error) {
	t.Helper()
	p.do(t, func() { answer, err = askWithin(address, patience) })
	return answer, err
}

// askFrom is ask with an address of its own.
func (p place) askFrom(t *testing.T, from, address string) (answer string, err error) {
	t.Helper()
	p.do(t, func() {
		answer, err = askBy(&net.Dialer{Timeout: time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}, address)
	})
	return answer, err
}

func ask(address string) (string, error) { return askWithin(address, time.Second) }

func askWithin(address string, patience time.Duration) (string, error) {
	return askBy(&net.Dialer{Timeout: patience}, address)
}

func askBy(dialer *net.Dialer, address string) (string, error) {
	conn, err := dialer.Dial("tcp4", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

// quickest is the least time that something takes in several attempts: what else the machine does is none of its.
func quickest(do func()) time.Duration {
	best := time.Hour
	for range 10 {
		began := time.Now()
		do()
		best = min(best, time.Since(began))
	}
	return best
}
