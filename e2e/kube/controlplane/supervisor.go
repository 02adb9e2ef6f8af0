package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
)

// Supervisor runs at most one cluster at a time, the one asked for last.
type Supervisor struct {
	life    context.Context // the clusters' life, which no request ends
	layout  layout
	turn    chan struct{} // held by who starts or stops a cluster
	current atomic.Pointer[cluster]
}

// New makes a supervisor whose clusters live in dir and end with ctx.
func New(ctx context.Context, dir string) *Supervisor {
	return &Supervisor{life: ctx, layout: layout(dir), turn: make(chan struct{}, 1)}
}

// Resume starts the cluster that ran last, if there was one.
func (s *Supervisor) Resume() error {
	identity, err := readIdentity(s.layout.identity())
	if err != nil || identity.ID == "" {
		return err
	}
	slog.Info("resuming the cluster", "id", identity.ID)
	_, err = s.change(s.life, identity)
	return err
}

// Ensure makes sure that the cluster of that identity runs, waits until it is
// ready and returns its administrator's kubeconfig. Another cluster that ran
// before is gone for ever.
func (s *Supervisor) Ensure(ctx context.Context, identity Identity) ([]byte, error) {
	c, err := s.change(ctx, identity)
	if err != nil {
		return nil, err
	}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	return c.kubeconfig, nil
}

// change starts the cluster of an identity in the place of the one that runs.
func (s *Supervisor) change(ctx context.Context, identity Identity) (*cluster, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	old := s.current.Load()
	if old != nil && old.identity == identity {
		return old, nil
	}
	if old != nil {
		old.stop()
		s.current.Store(nil)
	}
	if err := s.adopt(identity); err != nil {
		return nil, err
	}
	next, err := start(s.life, s.layout, identity)
	if err != nil {
		return nil, fmt.Errorf("start the cluster: %w", err)
	}
	s.current.Store(next)
	return next, nil
}

// adopt makes the directory that of the identity: empty, if it was another's.
// The identity goes first and comes last, so that an interruption leaves
// nothing that could be taken for the old cluster or the new one.
func (s *Supervisor) adopt(identity Identity) error {
	file := s.layout.identity()
	last, err := readIdentity(file)
	if err != nil {
		return err
	}
	if last.ID != identity.ID {
		slog.Info("a new cluster", "id", identity.ID, "before", last.ID)
		if err := os.RemoveAll(file); err != nil {
			return err
		}
		if err := os.RemoveAll(s.layout.cluster()); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.layout.cluster(), 0o700); err != nil {
		return err
	}
	return identity.write(file)
}

// Stop ends the cluster that runs; Resume starts it again.
func (s *Supervisor) Stop() {
	if c := s.current.Load(); c != nil {
		c.stop()
	}
}
