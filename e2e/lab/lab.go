package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Lab is a running KVM host with its internet.
type Lab struct {
	dir        string
	image      string
	repository string
	log        io.Writer
}

// Start boots the lab of o.Dir or attaches to the one that runs there, after
// building what is not cached. On a lab that runs, wiabctl is replaced by
// today's build and everything else stays as it is, the image too.
func Start(ctx context.Context, o Options) (*Lab, error) {
	l, err := open(o)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.path("www"), 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(l.path("lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lab: another process works on %s: %w", l.dir, err)
	}
	defer func() { _ = lock.Unlock() }()
	if err := l.keepImage(); err != nil {
		return nil, err
	}
	began := time.Now()
	p, err := l.build(ctx)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l.say("everything is built (%s)", since(began))
	if err := l.boot(ctx, p); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l.say("the lab in %s is up (%s)", l.dir, since(began))
	return l, nil
}

// Attach gives the lab that runs in o.Dir as it is, and builds nothing.
func Attach(o Options) (*Lab, error) {
	l, err := open(o)
	if err != nil {
		return nil, err
	}
	if _, err := l.kvmHost().leader(); err != nil {
		return nil, fmt.Errorf("%w; start it by labctl up", err)
	}
	return l, l.keepImage()
}

// Down ends the lab and removes everything it made. Of a lab that does not
// exist or is half there it removes what it finds.
func Down(ctx context.Context, o Options) error {
	l, err := open(o)
	if err != nil {
		return err
	}
	return l.Down(ctx)
}

// Down ends the lab and removes everything it made: processes, control groups,
// the network namespace and the directory.
func (l *Lab) Down(ctx context.Context) error {
	var errs []error
	for _, m := range l.machines() {
		errs = append(errs, m.stop())
	}
	errs = append(errs, l.internet().kill(), l.acme().kill(), l.removeNamespace(ctx), removeControlGroups(l.name()))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("lab: down: %w", err)
	}
	return os.RemoveAll(l.dir)
}

func open(o Options) (*Lab, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	if o, err = o.complete(root); err != nil {
		return nil, err
	}
	return &Lab{dir: o.Dir, image: o.Image, repository: root, log: o.Log}, nil
}

// boot starts what does not run.
func (l *Lab) boot(ctx context.Context, p *parts) error {
	if err := makeAuthority(l.path("ca"), time.Now()); err != nil {
		return err
	}
	if err := l.startInternet(ctx, p.internet); err != nil {
		return err
	}
	if err := l.startACME(ctx, p.acme()); err != nil {
		return err
	}
	if l.kvmHost().supervisor().running() != 0 {
		return errors.Join(l.renew(l.Path(""), p), l.kvmHost().awaitBoot(ctx))
	}
	if err := l.prepareHost(p); err != nil {
		return err
	}
	return l.kvmHost().start(ctx, p.root)
}

// keepImage remembers the image of a new lab; an old one keeps its own.
func (l *Lab) keepImage() error {
	file := l.path("image")
	if text, err := os.ReadFile(file); err == nil {
		l.image = strings.TrimSpace(string(text))
		return nil
	}
	return os.WriteFile(file, []byte(l.image+"\n"), 0o644)
}

// Dir is where the lab lives.
func (l *Lab) Dir() string { return l.dir }

// Image is the kind of image that the lab's VMs boot: ImageMicro or ImageCloud.
func (l *Lab) Image() string { return l.image }

func (l *Lab) path(names ...string) string {
	return filepath.Join(append([]string{l.dir}, names...)...)
}

func (l *Lab) say(format string, args ...any) {
	fmt.Fprintf(l.log, format+"\n", args...)
}

func since(t time.Time) time.Duration { return time.Since(t).Round(100 * time.Millisecond) }
