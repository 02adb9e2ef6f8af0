package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// aptLocks are the files by which package managers keep each other out.
var aptLocks = []string{"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock"}

// aptPatience is how long another package manager may take: unattended upgrades of a
// host that was long off do.
const aptPatience = 15 * time.Minute

// awaitApt waits until no other package manager is at work, and says who is.
func awaitApt(ctx context.Context, say change.Progress) error {
	busy := aptBusy(aptLocks)
	if busy == nil {
		return nil
	}
	say.Sayf("waiting for %v", busy)
	return change.Condition{
		Description: "the host's package manager to be free",
		Deadline:    aptPatience,
		Interval:    100 * time.Millisecond,
		Check:       func(context.Context) error { return aptBusy(aptLocks) },
	}.Await(ctx, say)
}

// aptCheck warns where packages are to be installed and another package manager is at work.
func (i *Installation) aptCheck(context.Context) error {
	missing := missingOf(i.needs())
	if len(missing) == 0 && !i.config.Host.Upgrade {
		return nil
	}
	if busy := aptBusy(aptLocks); busy != nil {
		return AptBusy.Warnf("%w is at work; `up` waits up to %s for it", busy, aptPatience)
	}
	return nil
}

// aptBusy is nil if nobody holds one of the locks.
func aptBusy(locks []string) error {
	for _, lock := range locks {
		pid, held, err := lockHolder(lock)
		if err != nil {
			return change.Never(err)
		}
		if held {
			return fmt.Errorf("another apt, process %s", processName(pid))
		}
	}
	return nil
}

// lockHolder is the process that has a lock of fcntl(2) on the file, as apt and dpkg
// do; less than 1 if it cannot be seen from here.
func lockHolder(file string) (pid int, held bool, err error) {
	open, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer open.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(open.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, false, fmt.Errorf("who holds %s: %w", file, err)
	}
	return int(lock.Pid), lock.Type != unix.F_UNLCK, nil
}

// processName is a process as people look for it: "123 unattended-upgr".
func processName(pid int) string {
	name, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return fmt.Sprintf("%d", pid)
	}
	return fmt.Sprintf("%d %s", pid, strings.TrimSpace(string(name)))
}
