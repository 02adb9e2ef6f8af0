package assets

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/sys/unix"
)

// CheckSource finds out, as far as the artifact is still to come, whether it can be had, and whether there is
// room for it: Failures where it certainly cannot (DownloadFailed, NoSpace), Warnings where that may pass.
func (a Artifact) CheckSource(ctx context.Context) error {
	seen, err := a.observe()
	if err != nil || seen.unpacked {
		return nil //nolint:nilerr // what is foreign is Check's concern
	}
	d := a.Download()
	if path, held := d.Held(); held {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return roomFor(share{a.Home, info.Size(), "the artifact, unpacked"})
	}
	size, err := d.reach(ctx)
	if err != nil || size == 0 {
		return err
	}
	return roomFor(share{d.Cache.Dir, size - d.came(), "what is to come of the artifact"}, share{a.Home, size, "the artifact, unpacked"})
}

// CheckSource is that of the artifact, for the base image.
func (b BaseImage) CheckSource(ctx context.Context) error {
	changes, err := b.Plan(ctx)
	if err != nil || len(changes) == 0 {
		return nil //nolint:nilerr // the stage vms tells of it
	}
	d := b.Download()
	if _, held := d.Held(); held {
		return nil
	}
	size, err := d.reach(ctx)
	if err != nil || size == 0 {
		return err
	}
	return roomFor(share{d.Cache.Dir, size - d.came(), "what is to come of the base image"}, share{b.Images, size, "the base image"})
}

// came is how many bytes of the download an earlier run left.
func (d Download) came() int64 {
	info, err := os.Stat(d.Cache.part(d.Name))
	if err != nil {
		return 0
	}
	return info.Size()
}

// reach opens all URLs side by side and returns the size of the file, 0 if it is not told. The error is of kind
// DownloadFailed if none gives it: a Failure where all refuse for good, else a Warning.
func (d Download) reach(ctx context.Context) (size int64, err error) {
	sizes, errs := make([]int64, len(d.URLs)), make([]error, len(d.URLs))
	var all sync.WaitGroup
	for i, address := range d.URLs {
		all.Go(func() {
			src, err := open(ctx, address, span{})
			if err != nil {
				errs[i] = err
				return
			}
			sizes[i], errs[i] = src.total, src.Close()
		})
	}
	all.Wait()
	final := true
	var words []string
	for i, err := range errs {
		if err == nil {
			return sizes[i], nil
		}
		final = final && refused(err)
		if failed, is := errors.AsType[*url.Error](err); is {
			err = failed.Err // the URL is told already
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		words = append(words, fmt.Sprintf("%s: %v", redacted(d.URLs[i]), err))
	}
	cause := fmt.Sprintf("the %s cannot be had: %s", d.What, strings.Join(words, "; "))
	command := "curl -fsSI " + shellescape.Quote(redacted(d.URLs[0]))
	if final {
		return 0, DownloadFailed.Failf("%s", cause).By(command)
	}
	return 0, DownloadFailed.Warnf("%s", cause).By(command)
}

// share is what of a file system's room is to be taken below a directory.
type share struct {
	dir   string // may be still to make
	bytes int64
	what  string
}

// roomFor is a Failure of kind NoSpace for each file system that has too little room for the shares on it.
func roomFor(shares ...share) error {
	type total struct {
		left, wanted uint64
		what         []string
		dir          string
	}
	var totals []*total
	of := map[uint64]*total{}
	for _, s := range shares {
		dir := existing(s.dir)
		var info unix.Stat_t
		if err := unix.Stat(dir, &info); err != nil {
			return fmt.Errorf("the file system of %s: %w", dir, err)
		}
		t := of[info.Dev]
		if t == nil {
			left, err := room(dir)
			if err != nil {
				return err
			}
			t = &total{left: uint64(left), dir: s.dir}
			of[info.Dev], totals = t, append(totals, t)
		}
		t.wanted += uint64(max(0, s.bytes)) // a server may claim what it likes, which is less than 64 bits
		t.what = append(t.what, fmt.Sprintf("%s (%s)", s.what, amount(float64(s.bytes))))
	}
	var errs []error
	for _, t := range totals {
		if t.wanted > t.left {
			errs = append(errs, NoSpace.Failf("the file system of %s has %s free, which is not enough for %s", t.dir, amount(float64(t.left)), strings.Join(t.what, " and ")).
				By("df -h "+shellescape.Quote(t.dir)))
		}
	}
	return errors.Join(errs...)
}

// existing is the directory, or the nearest above it that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
