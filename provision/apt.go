package provision

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"wiabctl/provision/change"
)

// aptEnvironment lets apt ask nobody, speak the words that parseAptStatus knows, and
// restart nothing that somebody else runs (needrestart, on Ubuntu).
func aptEnvironment() []string {
	return []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "NEEDRESTART_SUSPEND=1"}
}

// aptGet runs apt-get. Configuration files that somebody changed stay as they are. What
// it says goes into the error; progress, if it is not nil, takes what it does.
func aptGet(ctx context.Context, progress *aptProgress, args ...string) error {
	args = append([]string{
		"--option=DPkg::Lock::Timeout=300", // seconds; another apt may have begun since we looked
		"--option=Dpkg::Options::=--force-confdef", "--option=Dpkg::Options::=--force-confold",
		"--option=APT::Status-Fd=3", // the first of ExtraFiles
		"--yes",
	}, args...)
	cmd := prepare(ctx, aptEnvironment(), "apt-get", args...)
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.ExtraFiles = []*os.File{in}
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		for lines.Scan() && progress != nil {
			progress.note(lines.Text())
		}
		_, _ = io.Copy(io.Discard, out) // what nobody reads must not block apt
	}()
	err = run(ctx, cmd, nil)
	in.Close()
	_ = out.SetReadDeadline(time.Now().Add(time.Second)) // a daemon that apt started may have inherited it
	<-read
	return errors.Join(err, out.Close())
}

// settleDpkg has dpkg go on where it was interrupted, without which apt does nothing. What
// depends on packages that never arrived cannot be configured yet; apt completes that.
func settleDpkg(ctx context.Context) error {
	return run(ctx, prepare(ctx, aptEnvironment(), "dpkg", "--configure", "--pending"), nil)
}

// aptUpdate fetches the lists of what there is.
func aptUpdate(ctx context.Context, say change.Progress) error {
	if err := awaitApt(ctx, say); err != nil {
		return PackageFailed.Failf("refresh the package lists: %w", err)
	}
	if err := aptGet(ctx, nil, "update"); err != nil {
		return PackageFailed.Failf("refresh the package lists: %w", err)
	}
	return nil
}
