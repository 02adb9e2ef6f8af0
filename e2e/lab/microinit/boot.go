package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// instanceFile remembers which instance-id has been applied.
const instanceFile = "/var/lib/cloud/data/instance-id"

// boot brings the system up as far as sshd needs it. Whatever fails in the seed
// is said on the console and kept for final; only what leaves no system at all
// is returned.
func boot(ctx context.Context, console io.Writer) error {
	if err := mountKernelFilesystems(); err != nil {
		return err
	}
	disk, err := configure(ctx)
	if err != nil {
		fmt.Fprintf(console, "microinit: the seed failed: %v\n", err)
		// Without keys sshd would not start, and nobody could look.
		err = errors.Join(err, exec.CommandContext(ctx, "ssh-keygen", "-A").Run())
	}
	return outcomeOf(disk, err).keep(outcomeFile)
}

// configure applies the seed: the network at every boot, the rest once for
// each instance-id.
func configure(ctx context.Context) (disk string, err error) {
	disk, err = seedDisk()
	if err != nil {
		return "", err
	}
	files, release, err := mountSeed(disk)
	if err != nil {
		return disk, err
	}
	defer release()
	seed, err := readSeed(files)
	if err != nil {
		return disk, err
	}
	if err := unix.Sethostname([]byte(seed.User.Hostname)); err != nil {
		return disk, fmt.Errorf("set the host name: %w", err)
	}
	key := fmt.Appendf(nil, "%s%d", seed.User.HostKeys.Private, time.Now().UnixNano())
	if err := creditEntropy(key); err != nil {
		return disk, err
	}
	network := make(chan error, 1)
	go func() { network <- seed.Network.apply(ctx, seed.User.Hostname) }()
	return disk, errors.Join(applyOnce(ctx, seed), <-network)
}

// applyOnce applies what lasts, unless this instance has it already.
func applyOnce(ctx context.Context, seed *Seed) error {
	if had, err := os.ReadFile(instanceFile); err == nil && strings.TrimSpace(string(had)) == seed.Meta.InstanceID {
		return nil
	}
	if err := seed.User.apply(ctx); err != nil {
		return err
	}
	unix.Sync()
	return writeFile(instanceFile, seed.Meta.InstanceID+"\n", 0o644)
}

// mountKernelFilesystems mounts what a system expects; /dev comes from the
// initial RAM disk.
func mountKernelFilesystems() error {
	for _, m := range []struct{ dir, kind, options string }{
		{"/proc", "proc", ""},
		{"/sys", "sysfs", ""},
		{"/run", "tmpfs", "mode=755"},
		{"/tmp", "tmpfs", "mode=1777"},
		{"/dev/pts", "devpts", "mode=620,gid=5,ptmxmode=666"},
		{"/dev/shm", "tmpfs", "mode=1777"},
	} {
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, m.options); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.dir, err)
		}
	}
	return os.MkdirAll("/run/sshd", 0o755)
}
