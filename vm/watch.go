package vm

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// Watch is told what befalls one domain. libvirt's events say when to look; what is
// true is asked of libvirt, for events can be lost with the connection.
type Watch struct {
	domain   string
	changed  chan struct{}
	resets   atomic.Int64
	panicked atomic.Bool
}

// Changed has a value whenever something befell the domain, or may have while nobody
// listened; at first too.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Resets is how often the machine was reset since the Watch began: by its guest, by
// itself when its processor gave up, or from outside.
func (w *Watch) Resets() int { return int(w.resets.Load()) }

// Panicked says whether the guest told its pvpanic device that its kernel gave up.
func (w *Watch) Panicked() bool { return w.panicked.Load() }

func (w *Watch) touch() {
	select {
	case w.changed <- struct{}{}:
	default: // it is told already
	}
}

// audience are all who watch on one connection.
type audience struct {
	mu        sync.Mutex
	watches   map[*Watch]struct{}
	attending bool // somebody hands the events on
}

// Watch begins to watch the domain of this name, defined or not, and goes on until ctx
// ends, also when the connection is lost and made again.
func (c *Connection) Watch(ctx context.Context, domain string) *Watch {
	w := &Watch{domain: domain, changed: make(chan struct{}, 1)}
	w.touch()
	a := &c.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.watches == nil {
		a.watches = map[*Watch]struct{}{}
	}
	a.watches[w] = struct{}{}
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.watches, w)
	})
	if !a.attending {
		a.attending = true
		go c.attend(context.WithoutCancel(ctx)) // others will watch too
	}
	return w
}

// reconnecting is the pause before events are listened to again.
const reconnecting = 200 * time.Millisecond

// attend hands libvirt's events on as long as somebody watches, and longer where the
// connection lasts.
func (c *Connection) attend(ctx context.Context) {
	for c.audience.present() {
		lifecycle, resets, err := c.subscribe(ctx)
		if err == nil {
			c.audience.tell(nil) // what happened until now was not heard
			c.audience.hear(lifecycle, resets)
			continue
		}
		<-time.After(reconnecting)
	}
}

// subscribe asks for the events. The subscriptions are never cancelled, which can
// deadlock go-libvirt while events flow; they end with the connection.
func (c *Connection) subscribe(ctx context.Context) (lifecycle <-chan libvirt.DomainEventLifecycleMsg, resets <-chan any, err error) {
	err = c.Use(ctx, func(virt *libvirt.Libvirt) error {
		var errs [2]error
		lifecycle, errs[0] = virt.LifecycleEvents(ctx)
		resets, errs[1] = virt.SubscribeEvents(ctx, libvirt.DomainEventIDReboot, nil)
		return errors.Join(errs[:]...)
	})
	return lifecycle, resets, err
}

// present says whether anybody watches; if not, nobody attends any more.
func (a *audience) present() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.attending = len(a.watches) > 0
	return a.attending
}

// hear tells the watches what comes, until the connection is lost.
func (a *audience) hear(lifecycle <-chan libvirt.DomainEventLifecycleMsg, resets <-chan any) {
	for {
		select {
		case event, ok := <-lifecycle:
			if !ok {
				return
			}
			a.tell(func(w *Watch) bool {
				if event.Dom.Name != w.domain {
					return false
				}
				if libvirt.DomainEventType(event.Event) == libvirt.DomainEventCrashed {
					w.panicked.Store(true)
				}
				return true
			})
		case event, ok := <-resets:
			if !ok {
				return
			}
			reset, is := event.(*libvirt.DomainEventCallbackRebootMsg)
			a.tell(func(w *Watch) bool {
				if !is || reset.Msg.Dom.Name != w.domain {
					return false
				}
				w.resets.Add(1)
				return true
			})
		}
	}
}

// tell touches every watch that an event is about; all of them if about is nil.
func (a *audience) tell(about func(*Watch) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.watches {
		if about == nil || about(w) {
			w.touch()
		}
	}
}
