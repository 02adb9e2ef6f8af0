package vm

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata.
func golden(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

var subnet = netip.MustParsePrefix("192.168.122.0/24")

// usual is the configuration that says nothing.
func usual() *Spec {
	s := &Spec{}
	s.Defaults()
	return s
}

// small is a configuration whose seven machines fit on a small computer.
func small() *Spec {
	s := &Spec{Accel: TCG}
	for _, d := range []*Dimensions{&s.Sizes.Assethost, &s.Sizes.Kubenode, &s.Sizes.Datanode} {
		*d = Dimensions{CPUs: 1, Memory: 256 * MiB, Disk: GiB}
	}
	s.Defaults()
	return s
}

// keys are those of a machine of the tests.
func keys(name string) (Keys, error) {
	return Keys{
		HostPrivate: "-----BEGIN OPENSSH PRIVATE KEY-----\nof " + name + "\n-----END OPENSSH PRIVATE KEY-----\n",
		HostPublic:  "ssh-ed25519 AAAAhost " + name,
		Authorized:  []string{"ssh-ed25519 AAAAuser wiabctl"},
	}, nil
}

func ping(virt *libvirt.Libvirt) error {
	_, err := virt.ConnectGetLibVersion()
	return err
}

// guests is a room on the tests' own libvirt, whose machines have nothing to
// boot; its probe answers as told.
type guests struct {
	*Room
	base       string      // the image beneath the disks
	silent     atomic.Bool // the machines do not answer
	probes     atomic.Int64
	connection *Connection
}

// furnished makes a room with a base image and a network, emptied after the test.
func furnished(t testing.TB) *guests {
	t.Helper()
	needRoot(t)
	g := &guests{connection: NewConnection()}
	directory := t.TempDir()
	g.base = filepath.Join(directory, "base.qcow2")
	g.Room = &Room{
		Machines: small().Machines("test", subnet),
		Images:   filepath.Join(directory, "images"),
		Console:  filepath.Join(directory, "console"),
		Base:     func() (string, error) { return g.base, nil },
		Network:  "isolated",
		Ready:    20 * time.Second,
		Keys:     keys,
		Libvirt:  g.connection.Use,
		Watch:    g.connection.Watch,
		Probe: func(context.Context, Machine) error {
			g.probes.Add(1)
			if g.silent.Load() {
				return errors.New("nobody answers")
			}
			return nil
		},
	}
	g.Await = g.answering
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", g.base, "16M")
	g.do(t, func(virt *libvirt.Libvirt) error {
		_, err := virt.NetworkCreateXML("<network><name>isolated</name><bridge name='testbr0'/></network>")
		return err
	})
	t.Cleanup(func() { g.clear(t) })
	return g
}

// answering waits until the probe answers.
func (g *guests) answering(ctx context.Context, machine Machine, missing func(error)) error {
	for tick := time.Tick(5 * time.Millisecond); ; {
		err := g.Probe(ctx, machine)
		if err == nil {
			return nil
		}
		missing(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick:
		}
	}
}

// clear removes every domain and the network, whoever made them.
func (g *guests) clear(t testing.TB) {
	g.do(t, func(virt *libvirt.Libvirt) error {
		domains, _, err := virt.ConnectListAllDomains(1, 0)
		if err != nil {
			return err
		}
		for _, domain := range domains {
			_ = cut(virt, domain.Name)
			_ = virt.DomainUndefine(domain)
		}
		network, err := virt.NetworkLookupByName("isolated")
		if err != nil {
			return err
		}
		return virt.NetworkDestroy(network)
	})
	if err := g.connection.Close(); err != nil {
		t.Error(err)
	}
}

func (g *guests) do(t testing.TB, calls func(*libvirt.Libvirt) error) {
	t.Helper()
	if err := g.connection.Use(context.Background(), calls); err != nil {
		t.Fatal(err)
	}
}

// plan is the room's plan as lines.
func (g *guests) plan(t testing.TB) []string {
	t.Helper()
	return lines(g.changes(t))
}

func (g *guests) changes(t testing.TB) []change.Change {
	t.Helper()
	changes, err := g.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func lines(changes []change.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, c.String())
	}
	return all
}

// apply makes all changes at once, as the pipeline does.
func apply(changes []change.Change) error {
	var wait sync.WaitGroup
	errs := make([]error, len(changes))
	for i, c := range changes {
		wait.Go(func() { errs[i] = c.Apply(context.Background(), nil) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	said, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// diskInfo is what qemu-img says of a disk.
func diskInfo(t testing.TB, path string) (size Size, backing string) {
	t.Helper()
	var info struct {
		Size    int64  `json:"virtual-size"`
		Backing string `json:"backing-filename"`
	}
	if err := json.Unmarshal([]byte(run(t, "qemu-img", "info", "-U", "--output=json", path)), &info); err != nil {
		t.Fatal(err)
	}
	return Size(info.Size), info.Backing
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
