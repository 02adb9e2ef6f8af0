package vm

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// Status is what a machine is at the moment, for people. Dimensions are those that
// it has, or would get if it does not exist.
type Status struct {
	Name    string
	Role    Role
	Address netip.Addr
	State   string // "running", "shut off", "paused", "crashed", "shutting down", "foreign" or "missing"
	Dimensions
	Ready bool
	Why   string // what keeps it from being ready
}

// asking is how long List waits for a running machine's answer.
const asking = 5 * time.Second

// List tells of every machine. Those that run are asked side by side whether they are
// ready: what answered once need not answer now.
func (r *Room) List(ctx context.Context) ([]Status, error) {
	all := make([]Status, len(r.Machines))
	errs := make([]error, len(r.Machines))
	var wait sync.WaitGroup
	for i, machine := range r.Machines {
		wait.Go(func() { all[i], errs[i] = r.status(ctx, machine) })
	}
	wait.Wait()
	return all, errors.Join(errs...)
}

func (r *Room) status(ctx context.Context, machine Machine) (Status, error) {
	s := Status{Name: machine.Name, Role: machine.Role, Address: machine.Address, Dimensions: machine.Dimensions}
	is, err := r.observe(ctx, machine)
	if err != nil {
		return s, err
	}
	if err := is.foreign(machine, r.paths(machine)); err != nil {
		s.State, s.Why = "foreign", err.Error()
		return s, nil
	}
	if is.domain == nil {
		s.State, s.Why = "missing", "it is not defined"
		return s, nil
	}
	has := is.defined
	if is.live != nil {
		has = is.live
	}
	s.State, s.CPUs, s.Memory, s.Disk = is.word(), cpus(has), memory(has), is.disk
	if s.Why = is.halted(); s.Why == "" && is.disk == 0 {
		s.Why = "its disk is missing"
	}
	if s.Why == "" {
		brief, cancel := context.WithTimeout(ctx, asking)
		defer cancel()
		if err := r.Probe(brief, machine); err != nil {
			s.Why = err.Error()
		}
	}
	s.Ready = s.Why == ""
	return s, nil
}

// word is the domain's state as people say it.
func (is *standing) word() string {
	switch is.state {
	case libvirt.DomainShutoff, libvirt.DomainNostate:
		return "shut off"
	case libvirt.DomainCrashed:
		return "crashed"
	case libvirt.DomainPaused, libvirt.DomainPmsuspended:
		return "paused"
	case libvirt.DomainShutdown:
		return "shutting down"
	default:
		return "running"
	}
}
