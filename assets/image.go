package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"wiabctl/provision/change"
)

// BaseImage is the disk image that all VMs' disks are layered on. Its name holds
// its digest, and the digest of the first one that came is binding from then on: what
// the URL gives later, or what is configured anew, never takes the place of the image
// under running VMs.
type BaseImage struct {
	URL       string    // http:, https: or file:
	SHA256    string    // of what the URL gives, 64 hex digits; empty: as the publisher says, or whatever comes first
	Publisher Publisher // of the image; without effect once the digest is known
	Store     Store
	Images    string // libvirt's directory of images: /var/lib/libvirt/images
}

var baseName = regexp.MustCompile(`^wiabctl-base-[0-9a-f]{12}\.qcow2(\.part)?$`)

// Path is where the image lies: wiabctl-base-<12 hex digits of its digest>.qcow2 in
// Images. It is an error while nothing tells the digest.
func (b BaseImage) Path() (string, error) {
	sum, err := b.Download().Digest()
	if err == nil && sum == "" {
		err = errors.New("the base image has not come yet")
	}
	if err != nil {
		return "", err
	}
	return b.path(sum), nil
}

func (b BaseImage) path(sum string) string {
	return filepath.Join(b.Images, "wiabctl-base-"+sum[:12]+".qcow2")
}

// Download is the image as its publisher gives it. What came once goes before what a
// bundle or the publisher says today.
func (b BaseImage) Download() Download {
	key := b.SHA256
	if key == "" {
		key = digest(b.URL)
	}
	d := b.Store.download("base image", "image-"+key[:12]+".img", b.SHA256, b.URL)
	if known, err := d.Pins.get(d.Name); err == nil && known != nil && b.SHA256 == "" { // Digest tells the error
		d.SHA256 = known.SHA256
	}
	if b.Publisher.Sums != "" {
		d.Vouch = func(ctx context.Context, say change.Progress) (string, error) {
			return b.Publisher.digest(ctx, b.URL, say)
		}
	}
	return d
}

// Check tells what would forbid to place the image, as far as this host knows.
func (b BaseImage) Check(context.Context) error {
	sum, err := b.Download().Digest()
	if err != nil || sum != "" {
		return err
	}
	return b.Publisher.Check()
}

// Plan is one change as long as the image isn't in its place.
func (b BaseImage) Plan(context.Context) ([]change.Change, error) {
	sum, err := b.Download().Digest()
	if err != nil {
		return nil, err
	}
	if sum == "" {
		return []change.Change{b.placing("from " + b.Download().Source())}, nil
	}
	path := b.path(sum)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Mode().IsRegular():
		return nil, nil
	case err == nil:
		return nil, ImageUnusable.Failf("%s is not a regular file", path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return []change.Change{b.placing(path)}, nil
}

func (b BaseImage) placing(what string) change.Change {
	return change.Change{
		Verb: change.Create, Subject: "base image " + what, Reason: "it does not exist",
		Concurrent: true, Apply: b.place,
	}
}

// place downloads the image and puts it into libvirt's directory as qcow2.
func (b BaseImage) place(ctx context.Context, say change.Progress) error {
	d := b.Download()
	source, sum, err := b.fetch(ctx, d, say)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.Images, 0o711); err != nil {
		return err
	}
	path := b.path(sum)
	part := path + ".part"
	if err := errors.Join(b.fill(ctx, d, source, part, say), settle(part)); err != nil {
		if full(err) {
			err = NoSpace.Failf("the base image does not fit into %s: %w", b.Images, err)
		}
		return errors.Join(err, gone(os.Remove(part)))
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncDir(b.Images)
}

// fetch brings the image into the cache. One that lies there already is read again first,
// for it may have lain there long.
func (b BaseImage) fetch(ctx context.Context, d Download, say change.Progress) (source, sum string, err error) {
	if path, held := d.Held(); held {
		err := d.Cache.Verify(ctx, Entry{Name: d.Name, SHA256: filepath.Base(path), path: path}, say)
		if err != nil && !errors.Is(err, ArtifactCorrupt.Failf("")) {
			return "", "", err
		}
	}
	source, sum, err = d.Fetch(ctx, say)
	if d.SHA256 != "" && b.SHA256 == "" && errors.Is(err, ArtifactDigest.Failf("")) {
		err = ImageLost.Failf("%s is gone, and the URL gives another image by now: %w", b.path(d.SHA256), err)
	}
	return source, sum, err
}

// fill makes part from the source: a copy, or a conversion of another format.
func (b BaseImage) fill(ctx context.Context, d Download, source, part string, say change.Progress) error {
	format, err := b.inspect(ctx, d, source)
	if err != nil {
		return err
	}
	if format == "qcow2" {
		return copyFile(ctx, source, part)
	}
	say.Sayf("convert the base image from %s to qcow2", format)
	return convert(ctx, source, format, part)
}

// inspect is the format of what was downloaded. What cannot be used is not held,
// so that the next run asks the URL again.
func (b BaseImage) inspect(ctx context.Context, d Download, source string) (string, error) {
	format, err := inspect(ctx, source)
	if err == nil && format == "raw" && b.SHA256 == "" {
		err = bootable(source) // anything else is raw too, such as a web page
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, exec.ErrNotFound) {
		err = errors.Join(err, d.Forget())
	}
	return format, err
}

// chunk is how much is copied before ctx is looked at again.
const chunk = 64 << 20

// copyFile lets the kernel copy, which shares the blocks where it can. What lies at the
// target goes first: it might be a link.
func copyFile(ctx context.Context, from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := gone(os.Remove(to)); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	for err == nil {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(target, source, chunk)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, target.Close())
}

// settle gives a finished file its mode and brings it to the disk.
func settle(path string) error {
	return errors.Join(gone(os.Chmod(path, 0o644)), flush(path))
}

// Remove plans the removal of every base image of ours; the cache is kept. The
// VMs whose disks are layered on them have to be gone when it is applied: one that
// another disk in Images is layered on stays, with a Failure of kind ImageInUse.
func (b BaseImage) Remove(context.Context) ([]change.Change, error) {
	entries, err := os.ReadDir(b.Images)
	if err != nil {
		return nil, gone(err)
	}
	var plan []change.Change
	for _, e := range entries {
		if !baseName.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(b.Images, e.Name())
		plan = append(plan, change.Change{
			Verb: change.Delete, Subject: "base image " + path, Reason: "it was placed by wiabctl",
			Apply: func(context.Context, change.Progress) error {
				if err := unlayered(path); err != nil {
					return err
				}
				if err := gone(os.Remove(path)); err != nil {
					return fmt.Errorf("remove the base image: %w", err)
				}
				return b.Store.Pins.forget(b.Download().Name) // no disk stands on it any more
			},
		})
	}
	return plan, nil
}
