package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// acmePackage is the certificate authority of the lab's internet, of e2e/kube's module.
const acmePackage = "./acme"

// startACME starts the certificate authority of the lab's internet where it does not run,
// and notes whom everybody there trusts.
func (l *Lab) startACME(ctx context.Context, program string) error {
	if l.acme().running() != 0 {
		return nil
	}
	root := l.path("ca", "acme.crt")
	for _, old := range []string{root, l.stagingRoot()} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// Not bound to ctx: it is to outlive this program.
	cmd := l.Internet(context.WithoutCancel(ctx), program, "--address", Gateway+":443", "--dns", Gateway+":53",
		"--ca-cert", l.path("ca", "ca.crt"), "--ca-key", l.path("ca", "ca.key"), "--roots", l.path("ca"))
	// Pebble's own knobs: it neither dawdles, nor refuses good requests to try its clients, and
	// validates each name for each order.
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")
	if err := l.acme().start(cmd, l.path("acme.log")); err != nil {
		return err
	}
	err := await(ctx, "the lab's certificate authority", 10*time.Second, func(context.Context) error {
		if l.acme().running() == 0 {
			return fmt.Errorf("%w, see %s", errEnded, l.path("acme.log"))
		}
		_, err := os.Stat(root)
		_, errStaging := os.Stat(l.stagingRoot())
		return errors.Join(err, errStaging)
	})
	return errors.Join(err, l.writeTrust(root))
}

func (l *Lab) acme() process { return process{l.path("acme.pid")} }

// stagingRoot is the file of the root of what Let's Encrypt's staging server issues, which nobody trusts.
func (l *Lab) stagingRoot() string { return l.path("ca", "acme-staging.crt") }

// trust is the file of the certificates that all on the lab's internet trust: the lab's
// authority, which signs what scenarios bring along, and the root of the certificate
// authority, which signs what it has validated.
func (l *Lab) trust() string { return l.path("ca", "trusted.crt") }

func (l *Lab) writeTrust(root string) error {
	own, err := os.ReadFile(l.path("ca", "ca.crt"))
	if err != nil {
		return err
	}
	issuing, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	return writeFile(l.trust(), bytes.Join([][]byte{own, issuing}, nil))
}
