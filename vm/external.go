package vm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"wiabctl/provision/change"
)

// Others are machines that wiabctl did not make and does not change: it compares them
// with what they have to be. All fields are needed.
type Others struct {
	Machines []Machine
	// Ask runs a program on a machine over SSH, with its known host key, and returns
	// what it says.
	Ask func(ctx context.Context, machine Machine, argv ...string) ([]byte, error)
	// MTU is that of the interface that leads to the machines.
	MTU func() (int, error)

	asking singleflight.Group
}

// examining is the longest that one machine's examination may take.
const examining = 30 * time.Second

// Check finds everything that keeps the machines from being used, side by side: who
// cannot be reached or cannot be asked is a Failure of kind Aloof, everything else one
// of kind Unfit. Those who call it at the same time share the answer.
func (o *Others) Check(ctx context.Context) error {
	_, err, _ := o.asking.Do("", func() (any, error) {
		found, err := o.examine(ctx)
		var errs []error
		for _, f := range found {
			errs = append(errs, f.problems...)
		}
		return nil, errors.Join(append([]error{err}, errs...)...)
	})
	return err
}

// Plan is never a change: what is wrong with the machines is for their owner to mend.
func (o *Others) Plan(ctx context.Context) ([]change.Change, error) { return nil, o.Check(ctx) }

// List tells of every machine what was found on it.
func (o *Others) List(ctx context.Context) ([]Status, error) {
	found, err := o.examine(ctx)
	if err != nil {
		return nil, err
	}
	var all []Status
	for i, machine := range o.Machines {
		s := Status{Name: machine.Name, Role: machine.Role, Address: machine.Address, State: "external", Dimensions: found[i].Dimensions}
		s.Ready = len(found[i].problems) == 0
		var words []string
		for _, problem := range found[i].problems {
			words = append(words, strings.TrimPrefix(problem.Error(), machine.Name+": "))
		}
		s.Why = strings.Join(words, "; ")
		all = append(all, s)
	}
	return all, nil
}

// finding is what a machine has, and what is wrong with it.
type finding struct {
	Dimensions
	problems []error
}

func (o *Others) examine(ctx context.Context) ([]finding, error) {
	mtu, err := o.MTU()
	if err != nil {
		return nil, err
	}
	found := make([]finding, len(o.Machines))
	var all sync.WaitGroup
	for i, machine := range o.Machines {
		all.Go(func() { found[i] = o.visit(ctx, machine, mtu) })
	}
	all.Wait()
	return found, nil
}

// visit asks one machine all that has to be known of it.
func (o *Others) visit(ctx context.Context, machine Machine, mtu int) finding {
	ctx, cancel := context.WithTimeout(ctx, examining)
	defer cancel()
	asked := time.Now()
	said, err := o.Ask(ctx, machine, "sh", "-c", questions)
	if err != nil {
		return finding{problems: []error{Aloof.Failf("%s: %w", machine.Name, err)}}
	}
	is, err := readFacts(said)
	if err != nil {
		return finding{problems: []error{Aloof.Failf("%s: what it says of itself is not understood: %w", machine.Name, err)}}
	}
	f := finding{Dimensions: is.Dimensions}
	for _, problem := range is.misfits(machine, mtu, asked, time.Now()) {
		f.problems = append(f.problems, Unfit.Failf("%s: %s", machine.Name, problem))
	}
	return f
}

// misfits are, in words, where the machine is not what it has to be. The clock was read
// at some moment between the two given.
func (is facts) misfits(machine Machine, mtu int, from, to time.Time) []string {
	var all []string
	differ := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	differ(is.hostname != machine.Name, "its hostname is %q, and has to be its name in the inventory", is.hostname)
	differ(!is.sudo, "%s cannot use sudo without a password", machine.User)
	differ(is.CPUs < machine.CPUs, "it has %d CPUs, configured %d", is.CPUs, machine.CPUs)
	differ(is.Memory < afterKernel(machine.Memory), "its memory is %s, configured %s", is.Memory, machine.Memory)
	differ(is.Disk < afterFormat(machine.Disk), "its root file system has %s, configured %s", is.Disk, machine.Disk)
	link, ok := is.links[machine.Address]
	switch {
	case !ok:
		differ(true, "none of its interfaces has the address %s", machine.Address)
	default:
		differ(link != machine.Interface, "its interface is %s, configured vms.interface: %s", link, machine.Interface)
		differ(is.mtus[link] != mtu, "the MTU of its interface is %d, that of this host's %d", is.mtus[link], mtu)
	}
	if ahead := is.clock.Sub(to); ahead > apart {
		differ(true, "its clock is %s ahead of this host's", ahead.Round(time.Second))
	}
	// It said a whole second, of which up to one more had passed.
	if behind := from.Sub(is.clock.Add(time.Second)); behind > apart {
		differ(true, "its clock is %s behind this host's", behind.Round(time.Second))
	}
	return all
}

// apart is how far a clock may be from this host's; certificates and databases of the
// cluster mind more.
const apart = 2 * time.Second

// afterKernel is the least that a machine with the memory reports: its kernel keeps a
// part, under 64 MiB and a sixteenth.
func afterKernel(memory Size) Size { return memory - memory/16 - 64*MiB }

// afterFormat is the least that a root file system on the disk has: a tenth goes to
// its tables, its journal and the boot partitions.
func afterFormat(disk Size) Size { return disk - disk/10 }
