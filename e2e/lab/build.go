package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"wiabctl/e2e/artifact"
)

// parts are what a lab is made of, as paths on this machine.
type parts struct {
	root     string // the KVM host's Debian
	image    string // the VMs' qcow2 base image
	internet string // programs
	wiabctl  string
	kubebox  string
	artifact string // the miniature wire-server-deploy
}

// acme is the program of the internet's certificate authority.
func (p *parts) acme() string {
	return filepath.Join(filepath.Dir(p.kubebox), programName(acmePackage))
}

// build gets all parts, from the cache where their inputs are unchanged.
func (l *Lab) build(ctx context.Context) (*parts, error) {
	var p parts
	g, ctx := errgroup.WithContext(ctx)
	part := func(to *string, what string, get func(context.Context) (string, error)) {
		g.Go(func() error {
			path, err := get(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			*to = path
			return nil
		})
	}
	part(&p.root, "the KVM host's root", l.hostRoot)
	part(&p.image, "the "+l.image+" image", l.baseImage)
	part(&p.internet, "the internet's servers", func(ctx context.Context) (string, error) {
		return l.goBuild(ctx, l.path("bin"), "./e2e/lab/internet")
	})
	part(&p.wiabctl, "wiabctl", func(ctx context.Context) (string, error) {
		return l.goBuild(ctx, l.path("bin"), "./cmd/wiabctl")
	})
	g.Go(func() (err error) {
		if p.kubebox, err = l.kubebox(ctx); err != nil {
			return fmt.Errorf("kubebox: %w", err)
		}
		p.artifact, err = artifact.Build(ctx, p.kubebox, artifact.Release)
		return err
	})
	return &p, g.Wait()
}

// goBuild builds one of this module's programs, static, into dir. Go's own
// cache makes it quick.
func (l *Lab) goBuild(ctx context.Context, dir, pkg string) (string, error) {
	program := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, pkg)
	cmd.Dir = l.repository
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return program, run(cmd)
}

// toolchain is an input of everything that go build makes for the cache.
func toolchain() string {
	return strings.Join([]string{runtime.Version(), runtime.GOOS, runtime.GOARCH}, " ")
}
