package vm

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

// readyNote is what a running domain's metadata holds once it was seen ready;
// it goes when the domain stops.
const readyNote = "<ready/>"

// await waits until the machine answers, and notes that on the running domain so that
// the next plan need not ask it again. It ends at once when the domain stops.
func (r *Room) await(ctx context.Context, want wanted, say change.Progress) error {
	say.Sayf("waiting for %s", want.Name)
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go r.watch(watched, want, cancel)
	ready := change.Condition{
		Description: want.Name + " to answer over SSH with cloud-init done",
		Deadline:    r.Ready,
		Interval:    200 * time.Millisecond,
		Check: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, probing)
			defer cancel()
			return r.Probe(ctx, want.Machine)
		},
	}
	if err := ready.Await(watched, say); err != nil {
		if watched.Err() != nil {
			return err
		}
		return NotReady.Failf("%w%s", err, consoleTail(want.console))
	}
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(want.Name)
		if err != nil {
			return fmt.Errorf("noting that %s is ready: %w", want.Name, err)
		}
		return virt.DomainSetMetadata(domain, int32(libvirt.DomainMetadataElement),
			libvirt.OptString{readyNote}, libvirt.OptString{"wiabctl"}, libvirt.OptString{readyNamespace},
			libvirt.DomainAffectLive)
	})
}

// watch cancels the wait with a Failure of kind Died once the domain has no
// process any more.
func (r *Room) watch(ctx context.Context, want wanted, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		is := &standing{}
		err := r.Libvirt(ctx, func(virt *libvirt.Libvirt) error { return is.ask(virt, want.Name) })
		if err == nil && !is.active() {
			cancel(Died.Failf("%s stopped while it was starting%s", want.Name, consoleTail(want.console)))
			return
		}
	}
}

// consoleTail is the end of what the serial console printed, ready to follow a
// cause; control characters are left out.
func consoleTail(path string) string {
	const lines, most = 15, 16 << 10
	text, err := ending(path, most)
	if err != nil || len(text) == 0 {
		return " (its console is silent)"
	}
	all := strings.Split(strings.TrimSpace(printable(string(text))), "\n")
	return "; its console ends:\n  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// ending reads at most the last bytes of a file.
func ending(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, max(0, info.Size()-most), most))
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
