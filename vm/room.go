package vm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// Room is where the machines stand: it compares them with what they should be
// and acts. All fields are needed.
type Room struct {
	Machines []Machine
	Images   string        // directory of the disks, such as /var/lib/libvirt/images
	Console  string        // directory of what the serial consoles print
	Network  string        // name of the libvirt network
	Ready    time.Duration // the longest a machine may take until it is ready
	// Base tells the absolute path of the qcow2 image that new disks start from, once it is there.
	Base func() (string, error)
	// Reuse says whether a disk of ours whose domain is gone may be used as it is;
	// nil: never.
	Reuse func() bool
	// Keys finds a machine's keys by its name; an error that is fs.ErrNotExist
	// says that they are not made yet.
	Keys func(name string) (Keys, error)
	// Rekey puts the machine's keys in the place of their Former on the machine, which
	// answers, and sees to it that those open nothing any more. It is safe to repeat.
	Rekey func(ctx context.Context, machine Machine) error
	// Libvirt runs calls on the host's libvirt, as Connection.Use does.
	Libvirt func(ctx context.Context, do func(*libvirt.Libvirt) error) error
	// Watch tells when something befalls the domain of this name, as Connection.Watch does.
	Watch func(ctx context.Context, domain string) *Watch
	// Probe returns nil when the machine answers over SSH with its known host
	// key and cloud-init is done. It must not wait until it does.
	Probe func(ctx context.Context, machine Machine) error
	// Await returns nil once the machine answers so, and an error when it never will or
	// ctx ends. Meanwhile it tells what is missing, each time that changes.
	Await func(ctx context.Context, machine Machine, missing func(error)) error

	// answered are the running domains, by libvirt's id, that answered a plan's
	// glance: they need not answer the next plan's too, on a host that may be busier.
	answered sync.Map
}

// glance is how long a plan waits for a machine that was not yet seen ready.
const glance = 3 * time.Second

// Plan returns one change per machine that is not as it should be; those that
// restart what runs are not Concurrent. It needs
// neither libvirt nor keys to exist, and asks nothing of machines that were
// seen ready since they started.
func (r *Room) Plan(ctx context.Context) ([]change.Change, error) {
	found := make([]*change.Change, len(r.Machines))
	errs := make([]error, len(r.Machines))
	var all sync.WaitGroup
	for i, machine := range r.Machines {
		all.Go(func() { found[i], errs[i] = r.plan(ctx, machine) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var changes []change.Change
	for _, c := range found {
		if c != nil {
			changes = append(changes, *c)
		}
	}
	return changes, nil
}

// plan is the change that the machine needs, nil if none.
func (r *Room) plan(ctx context.Context, machine Machine) (*change.Change, error) {
	want, err := r.want(machine)
	if err != nil {
		return nil, err
	}
	is, err := r.observe(ctx, machine)
	if err != nil {
		return nil, err
	}
	if err := is.foreign(machine, want.paths); err != nil {
		return nil, err
	}
	verb, reason := is.differs(want)
	if verb == "" && !is.ready {
		verb, reason = r.glance(ctx, machine, is.domain.ID)
	}
	if verb == "" {
		return nil, nil // no change is an answer
	}
	return &change.Change{
		Verb:       verb,
		Subject:    "domain " + machine.Name,
		Reason:     reason,
		Concurrent: !is.restarts(want), // a cluster outlives its members' restarts one by one
		Apply: func(ctx context.Context, say change.Progress) error {
			return r.settle(ctx, machine, say)
		},
	}, nil
}

// glance asks a machine that nobody has seen ready, once and briefly.
func (r *Room) glance(ctx context.Context, machine Machine, id int32) (change.Verb, string) {
	if _, ok := r.answered.Load(id); ok {
		return "", ""
	}
	brief, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	if err := r.Probe(brief, machine); err != nil {
		return change.Wait, fmt.Sprintf("it is not seen ready yet: %v", err)
	}
	r.answered.Store(id, true)
	return "", ""
}

// wanted is what a machine should be.
type wanted struct {
	Machine
	paths
	network string
	image   []byte // the seed image; nil while its keys do not exist
	digest  string // of image, in hex
	former  string // digest of the image with the keys that are being replaced; empty: none are
}

// fits says whether a machine that runs with the seed of this digest needs no restart:
// keys alone are replaced while it runs.
func (w wanted) fits(seed string) bool {
	return seed == w.digest || w.former != "" && seed == w.former
}

// want computes what the machine should be.
func (r *Room) want(machine Machine) (wanted, error) {
	want := wanted{Machine: machine, network: r.Network, paths: r.paths(machine)}
	keys, err := r.Keys(machine.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return want, nil
	}
	if err != nil {
		return wanted{}, fmt.Errorf("keys of %s: %w", machine.Name, err)
	}
	seed, err := machine.Seed(keys)
	if err != nil {
		return wanted{}, err
	}
	want.image = seed.Image()
	want.digest = digest(want.image)
	if keys.Former == nil {
		return want, nil
	}
	if seed, err = machine.Seed(*keys.Former); err != nil {
		return wanted{}, err
	}
	want.former = digest(seed.Image())
	return want, nil
}

func (r *Room) paths(machine Machine) paths {
	return paths{
		disk:    filepath.Join(r.Images, machine.Name+".qcow2"),
		seed:    filepath.Join(r.Images, machine.Name+"-seed.iso"),
		console: filepath.Join(r.Console, machine.Name+".log"),
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
