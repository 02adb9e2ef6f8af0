package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
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
