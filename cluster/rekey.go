package cluster

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

//go:embed rekey.sh
var rekeyScript string

// Rekey gives a machine that runs the keys of its Target in place of the old ones.
type Rekey struct {
	Target Target
	Line   string // the authorized_keys line that lets Target.Key in
	Prove  []byte // the private half of Target.HostKey, in PEM
}

// turning is how long sshd may take to show a new host key, or to let nobody in by an
// old key.
const turning = time.Minute

// Do replaces the keys. It is safe to repeat after an interruption anywhere: the new
// key opens the machine before the old one is taken away, and both are tried. It
// returns nil only when the machine, with its new keys, has refused the old one.
func (r Rekey) Do(ctx context.Context) error {
	client, err := r.Target.enter(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if r.Target.OldKey != nil {
		if _, err := client.Run(ctx, "sh", "-c", rekeyScript, "sh", "let-in", r.Line); err != nil {
			return err
		}
	}
	if r.Target.OldHostKey != nil {
		if _, err := client.Feed(ctx, bytes.NewReader(r.Prove), "sudo", "sh", "-c", rekeyScript, "sh", "prove"); err != nil {
			return err
		}
	}
	renewed, err := r.Target.renewed(ctx)
	if err != nil {
		return err
	}
	defer renewed.Close()
	if r.Target.OldKey == nil {
		return nil
	}
	old := base64.StdEncoding.EncodeToString(r.Target.OldKey.PublicKey().Marshal())
	if _, err := renewed.Run(ctx, "sh", "-c", rekeyScript, "sh", "shut-out", old); err != nil {
		return err
	}
	return r.Target.Refuses(ctx)
}

// enter logs in by old keys or new. Where nothing listens it waits: an earlier run that was
// killed may have had sshd start anew a moment ago.
func (t Target) enter(ctx context.Context) (client *Client, err error) {
	err = change.Condition{
		Description: t.Name + " to listen for SSH",
		Deadline:    turning,
		Interval:    200 * time.Millisecond,
		Check: func(ctx context.Context) (err error) {
			client, err = t.Dial(ctx)
			if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
				err = change.Never(err)
			}
			return err
		},
	}.Await(ctx, nil)
	return client, err
}

// renewed logs in by the new keys alone.
func (t Target) renewed(ctx context.Context) (client *Client, err error) {
	t.OldKey, t.OldHostKey = nil, nil
	err = change.Condition{
		Description: t.Name + " to let the new key in, and to show its new host key",
		Deadline:    turning,
		Interval:    200 * time.Millisecond, // sshd starts anew
		Check:       func(ctx context.Context) (err error) { client, err = t.Dial(ctx); return err },
	}.Await(ctx, nil)
	return client, err
}

// Renewed returns nil when the machine lets us in by the new keys alone.
func (t Target) Renewed(ctx context.Context) error {
	client, err := t.renewed(ctx)
	if err != nil {
		return err
	}
	return client.Close()
}

// Refuses returns nil when the machine, with its new host key, does not let the old key in.
func (t Target) Refuses(ctx context.Context) error {
	old := t
	old.Key, old.OldKey, old.OldHostKey = t.OldKey, nil, nil
	return change.Condition{
		Description: t.Name + " to refuse the old key",
		Deadline:    turning,
		Interval:    time.Second, // sshd may not like to be asked often
		Check:       old.refused,
	}.Await(ctx, nil)
}

// refused is nil when the machine showed its host key and then did not let us in.
func (t Target) refused(ctx context.Context) error {
	client, err := t.Dial(ctx)
	if err == nil {
		client.Close()
		return change.Never(fmt.Errorf("%s still lets in the old key %s", t.Name, ssh.FingerprintSHA256(t.Key.PublicKey())))
	}
	// The package ssh has no error of its own for it.
	if strings.Contains(err.Error(), "ssh: unable to authenticate") {
		return nil
	}
	return err
}
