package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// apply makes the lasting part of the seed true.
func (d UserData) apply(ctx context.Context) error {
	errs := []error{
		writeFile("/etc/hostname", d.Hostname+"\n", 0o644),
		writeFile("/etc/hosts", d.hosts(), 0o644),
		writeFile("/etc/ssh/sshd_config.d/50-cloud-init.conf", d.sshd(), 0o600),
		d.applyHostKeys("/etc/ssh"),
		d.applySettings("/"),
	}
	var sudoers strings.Builder
	for _, u := range d.Users {
		errs = append(errs, u.apply(ctx))
		if u.Sudo != "" {
			fmt.Fprintf(&sudoers, "%s %s\n", u.Name, u.Sudo)
		}
	}
	errs = append(errs, writeFile("/etc/sudoers.d/90-cloud-init-users", sudoers.String(), 0o440))
	return errors.Join(errs...)
}

// hosts is /etc/hosts as cloud-init writes it for manage_etc_hosts: localhost.
func (d UserData) hosts() string {
	names := d.Hostname
	if d.FQDN != "" && d.FQDN != d.Hostname {
		names = d.FQDN + " " + d.Hostname
	}
	return "127.0.0.1 localhost\n127.0.1.1 " + names + "\n"
}

func (d UserData) sshd() string {
	yes := map[bool]string{true: "yes", false: "no"}
	root := "prohibit-password"
	if d.DisableRoot {
		root = "no"
	}
	return "PasswordAuthentication " + yes[d.PasswordLogins] + "\nPermitRootLogin " + root + "\n"
}

// applyHostKeys puts the VM's identity in place and removes any other.
func (d UserData) applyHostKeys(dir string) error {
	if d.DeleteHostKeys {
		old, err := filepath.Glob(filepath.Join(dir, "ssh_host_*key*"))
		if err != nil {
			return err
		}
		for _, f := range old {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	key := filepath.Join(dir, "ssh_host_ed25519_key")
	return errors.Join(
		writeFile(key, strings.TrimRight(d.HostKeys.Private, "\n")+"\n", 0o600),
		writeFile(key+".pub", strings.TrimRight(d.HostKeys.Public, "\n")+"\n", 0o644),
	)
}

// apply creates the account or brings its keys up to date.
func (u User) apply(ctx context.Context) error {
	account, err := user.Lookup(u.Name)
	if err != nil {
		args := []string{"--create-home", "--password", "*"}
		if u.Shell != "" {
			args = append(args, "--shell", u.Shell)
		}
		if len(u.Groups) > 0 {
			args = append(args, "--groups", strings.Join(u.Groups, ","))
		}
		if out, err := exec.CommandContext(ctx, "useradd", append(args, "--", u.Name)...).CombinedOutput(); err != nil {
			return fmt.Errorf("add user %s: %w: %s", u.Name, err, out)
		}
		if account, err = user.Lookup(u.Name); err != nil {
			return err
		}
	}
	keys := filepath.Join(account.HomeDir, ".ssh", "authorized_keys")
	had, err := os.ReadFile(keys)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeFile(keys, authorize(string(had), u.AuthorizedKeys), 0o600); err != nil {
		return err
	}
	return own(account, filepath.Dir(keys), keys)
}

// authorize is what an authorized_keys file becomes, as cloud-init makes it: keys are
// added, a line with the same key is replaced, and none is taken away.
func authorize(had string, keys []string) string {
	var lines []string
	for line := range strings.Lines(had) {
		line = strings.TrimRight(line, "\n")
		if n := slices.IndexFunc(keys, func(key string) bool { return sameKey(key, line) }); n >= 0 {
			line, keys = keys[n], slices.Delete(slices.Clone(keys), n, n+1)
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, keys...), "\n") + "\n"
}

// sameKey compares the keys of two lines, which may have other options and comments.
func sameKey(one, other string) bool { return base64Of(one) != "" && base64Of(one) == base64Of(other) }

// base64Of is what follows the key's type in a line of authorized_keys (sshd(8)).
func base64Of(line string) string {
	fields := strings.Fields(line)
	for i, field := range fields[:max(0, len(fields)-1)] {
		if strings.HasPrefix(field, "ssh-") || strings.HasPrefix(field, "ecdsa-") {
			return fields[i+1]
		}
	}
	return ""
}

// own gives files to an account; the directory becomes private.
func own(account *user.User, dir string, files ...string) error {
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	errs := []error{os.Chmod(dir, 0o700)}
	for _, f := range append(files, dir) {
		errs = append(errs, os.Chown(f, uid, gid))
	}
	return errors.Join(errs...)
}

// writeFile replaces a file by rename, so that a VM killed at this moment has
// the old or the new one.
func writeFile(path, text string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, []byte(text), mode); err != nil {
		return err
	}
	if err := os.Chmod(part, mode); err != nil {
		return err
	}
	return os.Rename(part, path)
}
