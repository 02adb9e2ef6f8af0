package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"syscall"

	"github.com/google/renameio/v2"

	"wiabctl/provision/change"
)

// Our rule lies beside sudo's own file, which is nobody's to rewrite.
const (
	sudoersFile = "/etc/sudoers.d/wiabctl"
	sudoersMode = 0o440
)

func (u deployUser) sudoers() []byte {
	return []byte("# Made by wiabctl: upstream's scripts call sudo docker, and jobs are systemd units.\n" + u.Name + " ALL=(ALL) NOPASSWD: ALL\n")
}

// sudoersDrift tells why sudo would not heed our file, or not as it should; empty if it does.
func (u deployUser) sudoersDrift() string {
	have, _ := os.ReadFile(sudoersFile)
	info, err := os.Lstat(sudoersFile)
	switch {
	case err != nil || !bytes.Equal(have, u.sudoers()):
		return u.Name + " needs sudo without a password"
	case !info.Mode().IsRegular() || info.Mode().Perm() != sudoersMode:
		return fmt.Sprintf("its mode is %v, which has to be %v", info.Mode(), fs.FileMode(sudoersMode))
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != 0 || owner.Gid != 0 {
		return "it has to belong to root"
	}
	return ""
}

// writeSudoers lets visudo judge the file before it counts.
func (u deployUser) writeSudoers(ctx context.Context, _ change.Progress) error {
	pending, err := renameio.NewPendingFile(sudoersFile, renameio.WithPermissions(sudoersMode), renameio.WithTempDir("/etc"))
	if err != nil {
		return err
	}
	defer func() { _ = pending.Cleanup() }()
	if _, err := pending.Write(u.sudoers()); err != nil {
		return err
	}
	if err := command(ctx, nil, "visudo", "--check", "--file="+pending.Name()); err != nil {
		return SudoersInvalid.Failf("%s: %w", sudoersFile, err)
	}
	return pending.CloseAtomicallyReplace()
}

var includesDropIns = regexp.MustCompile(`(?m)^[#@]includedir[ \t]+"?(/etc/)?sudoers\.d/?"?[ \t]*$`)

// sudoersApart is a Failure when sudo is there and does not read /etc/sudoers.d, where our
// rule lies.
func sudoersApart(sudoers string) error {
	content, err := os.ReadFile(sudoers)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) { // who is not root is told so elsewhere
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sudo's rules: %w", err)
	}
	if !includesDropIns.Match(content) {
		return SudoersApart.Failf("%s does not include /etc/sudoers.d, so a rule there has no effect", sudoers)
	}
	return nil
}
