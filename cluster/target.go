package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// Target is a machine that is reached by SSH: all of it is known before the
// first connection, so nothing is ever trusted on first use.
type Target struct {
	Name    string        // what people call it: "kubenode1", "admin host"
	Address string        // host:port
	User    string        // whom to log in as
	Key     ssh.Signer    // proves who we are
	HostKey ssh.PublicKey // the only key that the machine may show

	// While keys are replaced, those that the machine may still have; else nil.
	OldKey     ssh.Signer
	OldHostKey ssh.PublicKey
}

// handshake is the longest that connecting and logging in may take. It is
// generous because emulated machines compute keys slowly.
const handshake = 20 * time.Second

// Dial connects and logs in. It fails with HostKeyChanged when the machine
// shows another key than the known one, and with Unreachable otherwise.
func (t Target) Dial(ctx context.Context) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	conn, err := t.connect(ctx, handshake)
	if err != nil {
		return nil, err
	}
	return t.login(ctx, conn, keepalive)
}

// connect opens a connection within the time given.
func (t Target) connect(ctx context.Context, longest time.Duration) (net.Conn, error) {
	dialer := net.Dialer{Timeout: longest}
	conn, err := dialer.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, Unreachable.Failf("%s does not answer at %s: %w", t.Name, t.Address, err)
	}
	return conn, nil
}

// login makes the connection a Client, which asks in this interval whether the machine
// is still there.
func (t Target) login(ctx context.Context, conn net.Conn, alive time.Duration) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, t.Address, t.config())
	if err != nil {
		conn.Close()
		if changed := (*hostKeyError)(nil); errors.As(err, &changed) {
			return nil, HostKeyChanged.Failf("%s (%s): %w", t.Name, t.Address, changed)
		}
		if ctx.Err() != nil {
			return nil, Unreachable.Failf("%s accepts connections at %s and does not let %s in within %s: %w", t.Name, t.Address, t.User, handshake, context.Cause(ctx))
		}
		return nil, Unreachable.Failf("log in to %s (%s) as %s: %w", t.Name, t.Address, t.User, err)
	}
	return newClient(t.Name, ssh.NewClient(c, channels, requests), alive), nil
}

func (t Target) config() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User:              t.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(t.keys()...)},
		HostKeyCallback:   t.checkHostKey,
		HostKeyAlgorithms: t.algorithms(),
	}
}

// keys are those that may prove who we are, the present one first.
func (t Target) keys() []ssh.Signer {
	if t.OldKey == nil {
		return []ssh.Signer{t.Key}
	}
	return []ssh.Signer{t.Key, t.OldKey}
}

// algorithms are those that the machine may sign by.
func (t Target) algorithms() []string {
	all := algorithms(t.HostKey)
	if t.OldHostKey != nil {
		all = append(all, algorithms(t.OldHostKey)...)
	}
	return slices.Compact(all)
}

// algorithms are those that a host key signs by; RSA's old one is not among them.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

func (t Target) checkHostKey(_ string, _ net.Addr, shown ssh.PublicKey) error {
	for _, known := range []ssh.PublicKey{t.HostKey, t.OldHostKey} {
		if known != nil && bytes.Equal(shown.Marshal(), known.Marshal()) {
			return nil
		}
	}
	return &hostKeyError{known: ssh.FingerprintSHA256(t.HostKey), shown: ssh.FingerprintSHA256(shown)}
}

type hostKeyError struct{ known, shown string }

func (e *hostKeyError) Error() string {
	return fmt.Sprintf("shows the host key %s, known is %s", e.shown, e.known)
}
