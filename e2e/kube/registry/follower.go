package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// glances is the pause between two looks at the keeper's generation.
const glances = time.Second

// ErrSetBack says that the node's disk is not as it was left.
var ErrSetBack = errors.New("the disk of the cluster's first node was set back")

// Follower lets a node's disk follow etcd, and etcd follow the disk.
type Follower struct {
	content content
	disk    disk
	ledger  *ledger
	pending string // the file with the dump that etcd has to become
	close   func() error
	trouble string // what was told last
}

// content is what of etcd counts.
type content interface {
	dump(context.Context) ([]byte, error)
	load(context.Context, []byte) error
	watch(context.Context, chan<- struct{})
}

// disk holds one dump.
type disk interface {
	generation(context.Context) (string, error)
	get(context.Context) ([]byte, error)
	put(ctx context.Context, dump []byte, over string) error
}

// NewFollower makes the one between the etcd at an endpoint and the keeper at a
// node's address; id is the cluster's. What it has to remember lies in dir.
func NewFollower(dir, endpoint, address, id string) (*Follower, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	etcd, err := newEtcd(endpoint)
	if err != nil {
		return nil, err
	}
	f, err := newFollower(dir, etcd, newKeeper(address, id))
	if err != nil {
		return nil, errors.Join(err, etcd.client.Close())
	}
	f.close = etcd.client.Close
	return f, nil
}

func newFollower(dir string, content content, disk disk) (*Follower, error) {
	ledger, err := openLedger(filepath.Join(dir, "generations.json"))
	if err != nil {
		return nil, err
	}
	return &Follower{content: content, disk: disk, ledger: ledger, pending: filepath.Join(dir, "pending.gz")}, nil
}

// Close ends the connection to etcd.
func (f *Follower) Close() error { return f.close() }

// Restore makes etcd what Follow has found on the disk, if anything. Etcd may be
// just starting; nobody else may use it yet.
func (f *Follower) Restore(ctx context.Context) error {
	dump, err := os.ReadFile(f.pending)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.content.load(ctx, dump); err != nil {
		return err
	}
	slog.Info("etcd's content is what the disk holds", "generation", generation(dump))
	return os.Remove(f.pending)
}

// Follow brings changes to the disk until ctx ends or the disk turns out to be
// set back: then it returns ErrSetBack, and Restore is to be called before
// anybody uses etcd again. A node that is down or slow is waited for.
func (f *Follower) Follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	changed := make(chan struct{}, 1)
	watching.Go(func() { f.content.watch(ctx, changed) })
	changes, look := newSettling(), time.NewTicker(glances)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			changes.change()
			continue
		case <-changes.timer.C:
			changes.due = true
		case <-look.C:
		}
		err := f.meet(ctx, changes)
		if errors.Is(err, ErrSetBack) {
			return err
		}
		f.tell(err)
	}
}

// meet looks at the disk and brings what is due.
func (f *Follower) meet(ctx context.Context, changes *settling) error {
	shown, err := f.disk.generation(ctx)
	if err != nil {
		return err
	}
	if !f.ledger.knows(shown) {
		return f.setBack(ctx)
	}
	if err := f.ledger.shown(shown); err != nil || !changes.due {
		return err
	}
	changes.done() // what changes from now on is not in the dump for sure
	if err := f.bring(ctx, shown); err != nil {
		changes.change()
		return err
	}
	return nil
}

// bring puts etcd's content in the place of the generation that the disk holds.
func (f *Follower) bring(ctx context.Context, over string) error {
	dump, err := f.content.dump(ctx)
	if err != nil {
		return err
	}
	next := generation(dump)
	if next == over {
		return nil
	}
	if err := f.ledger.sending(next); err != nil {
		return err
	}
	if err := f.disk.put(ctx, dump, over); err != nil {
		return err
	}
	return f.ledger.shown(next)
}

// setBack fetches what the disk holds, for Restore.
func (f *Follower) setBack(ctx context.Context) error {
	dump, err := f.disk.get(ctx)
	if err != nil {
		return err
	}
	if err := replace(f.pending, dump); err != nil {
		return err
	}
	// After the file: without it the disk would count as known.
	if err := f.ledger.shown(generation(dump)); err != nil {
		return err
	}
	return fmt.Errorf("%w to %s", ErrSetBack, generation(dump))
}

// tell logs that the disk is out of reach, or back, once.
func (f *Follower) tell(err error) {
	trouble := ""
	if err != nil {
		trouble = err.Error()
	}
	if trouble == f.trouble {
		return
	}
	f.trouble = trouble
	if err != nil {
		slog.Info("etcd's content waits to be kept", "reason", err)
		return
	}
	slog.Info("etcd's content is kept")
}
