package provision

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
)

//go:embed proxy.sh
var proxyScript string

// proxyMachine is the machine of a proxy, on which wiabctl acts as root.
type proxyMachine struct {
	ssh ingress.ProxySSH
}

// act runs a part of the script there and returns what it says. What nobody may read among
// arguments comes from in.
func (m proxyMachine) act(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	target, err := m.target()
	if err != nil {
		return nil, err
	}
	client, err := target.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	argv := append([]string{"sh", "-c", proxyScript, "sh"}, args...)
	if m.ssh.User != "root" {
		argv = append([]string{"sudo", "-n"}, argv...)
	}
	said, err := client.Feed(ctx, in, argv...)
	if err != nil && cluster.ExitStatus(err) >= 0 {
		err = ProxyUnfit.Failf("%s: %w", args[0], err)
	}
	return said, err
}

// write puts a file in its place.
func (m proxyMachine) write(ctx context.Context, f ingress.FrontFile) error {
	_, err := m.act(ctx, bytes.NewReader(f.Content), "write", f.Path, strconv.FormatUint(uint64(f.Mode), 8))
	return err
}

// target is how to reach it: with a key and a host key that are known before.
func (m proxyMachine) target() (cluster.Target, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return cluster.Target{}, fmt.Errorf("where your SSH keys are: %w", err)
	}
	keyFile := m.ssh.Key
	if keyFile == "" {
		keyFile = filepath.Join(home, ".ssh", "id_ed25519")
	}
	key, err := assets.ReadKey(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = ProxyUnfit.Failf("there is no key %s to log in with (proxy.ssh.key)", keyFile)
	}
	if err != nil {
		return cluster.Target{}, err
	}
	address := net.JoinHostPort(m.ssh.Host, strconv.Itoa(int(m.ssh.Port)))
	hostKey, err := m.hostKey(address, filepath.Join(home, ".ssh", "known_hosts"))
	if err != nil {
		return cluster.Target{}, err
	}
	return cluster.Target{Name: m.ssh.Host, Address: address, User: m.ssh.User, Key: key.Signer, HostKey: hostKey}, nil
}

// hostKey is the configured one, else the known one.
func (m proxyMachine) hostKey(address, known string) (ssh.PublicKey, error) {
	key, err := m.ssh.PublicKey()
	if err != nil || key != nil {
		return key, err
	}
	if _, err := os.Stat(known); errors.Is(err, fs.ErrNotExist) {
		return nil, ProxyUnfit.Failf("which host key %s has is not known: there is neither proxy.ssh.host_key nor %s", address, known)
	}
	key, err = cluster.KnownHosts{File: known}.Key(address, m.ssh.Host)
	if err != nil {
		return nil, ProxyUnfit.Failf("which host key %s has is not known: there is no proxy.ssh.host_key, and %w", address, err)
	}
	return key, nil
}
