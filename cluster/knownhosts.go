package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// KnownHosts is a file of host keys as sshd(8) describes it, with plain or hashed names.
type KnownHosts struct{ File string }

// Key is the key by which the machine at the address (host:port), or else of the name,
// has to prove itself: of several the one of the best algorithm. One that is marked as
// revoked is none.
func (k KnownHosts) Key(address, name string) (ssh.PublicKey, error) {
	check, err := knownhosts.New(k.File)
	if err != nil {
		return nil, fmt.Errorf("known host keys: %w", err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	for _, host := range []string{address, net.JoinHostPort(name, port)} {
		if keys := known(check, host); len(keys) > 0 {
			return keys[0], nil
		}
	}
	return nil, fmt.Errorf("%s has no usable key of %s (ssh-keyscan shows it; compare it on the machine's console before trusting it)", k.File, address)
}

// known are a host's keys that are usable, the best first.
func known(check ssh.HostKeyCallback, host string) []ssh.PublicKey {
	var all []ssh.PublicKey
	listed := (*knownhosts.KeyError)(nil)
	if !errors.As(check(host, &net.TCPAddr{}, nobodys{}), &listed) {
		return nil
	}
	for _, line := range listed.Want {
		if slices.Contains(hostKeyTypes(), line.Key.Type()) && check(host, &net.TCPAddr{}, line.Key) == nil {
			all = append(all, line.Key)
		}
	}
	slices.SortStableFunc(all, func(a, b ssh.PublicKey) int {
		return cmp.Compare(slices.Index(hostKeyTypes(), a.Type()), slices.Index(hostKeyTypes(), b.Type()))
	})
	return all
}

// hostKeyTypes are the types of keys that are used, the best first.
func hostKeyTypes() []string {
	return []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA}
}

// nobodys is a key that no host has: asked for it, knownhosts lists those that it has.
type nobodys struct{}

func (nobodys) Type() string                        { return "nobody's" }
func (nobodys) Marshal() []byte                     { return nil }
func (nobodys) Verify([]byte, *ssh.Signature) error { return errors.New("this key signs nothing") }
