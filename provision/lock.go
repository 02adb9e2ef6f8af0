package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// lockFile is where the run lock is. It vanishes with a reboot, as does every run.
const lockFile = "/run/wiabctl.lock"

// holder says who holds the run lock.
type holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// Lock takes the run lock for a command, so that only one wiabctl changes things
// at a time; only root may. The kernel gives it back when the process ends, however it ends, so
// it is never stale. It fails
// with Locked, naming the holder, or with NotRoot.
func Lock(command string) (unlock func() error, err error) {
	if err := rootCheck(context.Background()); err != nil {
		return nil, err
	}
	return lockAt(lockFile, command)
}

func lockAt(file, command string) (unlock func() error, err error) {
	lock := flock.New(file, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("take the run lock %s: %w", file, err)
	}
	if !got {
		return nil, Locked.Failf("another wiabctl is at work: %s", describeHolder(file))
	}
	me, err := json.Marshal(holder{PID: os.Getpid(), Command: command, Since: time.Now()})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, me, 0o600); err != nil {
		return nil, fmt.Errorf("sign the run lock: %w", err)
	}
	return lock.Unlock, nil
}

// lockCheck finds out whether another wiabctl holds the run lock. It asks the kernel's list, for who
// tries the lock keeps others out meanwhile.
func lockCheck(context.Context) error {
	list, err := os.ReadFile("/proc/locks")
	if err != nil {
		return fmt.Errorf("the kernel's locks: %w", err)
	}
	held, err := flocked(string(list), lockFile)
	if err != nil || !held {
		return err
	}
	return Locked.Failf("another wiabctl is at work: %s", describeHolder(lockFile))
}

// flocked says whether a list as /proc/locks (proc_locks(5)) has a lock of flock(2) on the file.
func flocked(list, file string) (bool, error) {
	var info unix.Stat_t
	if err := unix.Stat(file, &info); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("the run lock %s: %w", file, err)
	}
	at := fmt.Sprintf("%02x:%02x:%d", unix.Major(info.Dev), unix.Minor(info.Dev), info.Ino)
	for line := range strings.Lines(list) {
		words := strings.Fields(line) // 1: FLOCK ADVISORY WRITE 123 00:19:456 0 EOF
		if len(words) > 5 && words[1] == "FLOCK" && words[5] == at {
			return true, nil
		}
	}
	return false, nil
}

func describeHolder(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "its name cannot be read: " + err.Error()
	}
	var h holder
	if json.Unmarshal(content, &h) != nil {
		return "it has just begun"
	}
	return fmt.Sprintf("`wiabctl %s`, process %d, since %s", h.Command, h.PID, h.Since.Format(time.DateTime))
}
