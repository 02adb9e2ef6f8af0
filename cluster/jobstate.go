package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// receipt is what is kept beside a job: which run it was, with which inputs.
type receipt struct {
	Run     string    `json:"run"`    // the result begins with it, so the two never pair wrongly
	Inputs  string    `json:"inputs"` // digest of Script, Inputs and Files
	Boot    string    `json:"boot"`   // of the admin host, as the kernel names it (random(4), boot_id)
	Started time.Time `json:"started"`
}

// ending is how a run ended, in systemd's words of ExecStopPost (systemd.service(5)).
type ending string

const (
	unended   ending = ""                 // it works still, or is lost
	succeeded ending = "success exited 0" // a service that exited 0
)

func (e ending) ended() bool { return e != unended }

// stopped tells whether the unit was stopped before the job's end: by a person, or
// because the host shut down.
func (e ending) stopped() bool { return strings.HasPrefix(string(e), "stopped") }

// receipt reads the last run's; nil when there is none that can be read, for such a
// one proves nothing.
func (j Job) receipt(ctx context.Context, admin *Admin) (*receipt, error) {
	content, err := admin.Read(ctx, j.file("receipt.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var last receipt
	if json.Unmarshal(content, &last) != nil {
		return nil, nil //nolint:nilerr // as if there were none
	}
	return &last, nil
}

// reserved is what stands in the result's file while the run works: as many bytes as
// its end will need.
func reserved(run string) []byte { return fmt.Appendf(nil, "%-100s\n", run) }

// end reads how a run ended.
func (j Job) end(ctx context.Context, admin *Admin, run string) (ending, error) {
	content, err := admin.Read(ctx, j.file("result"))
	if errors.Is(err, fs.ErrNotExist) {
		return unended, nil
	}
	if err != nil {
		return unended, err
	}
	of, how, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	if of != run {
		return unended, nil
	}
	return ending(how), nil
}

// standing is what the admin host knows of a job at the moment.
type standing struct {
	running bool
	boot    string
}

// ask asks systemd, the only one who knows, and the kernel.
func (j Job) ask(ctx context.Context, admin *Admin) (standing, error) {
	out, err := admin.Run(ctx, "sh", "-c", `cat /proc/sys/kernel/random/boot_id && systemctl show --property=ActiveState --value "$1"`, "sh", j.unit())
	if err != nil {
		return standing{}, err
	}
	boot, state, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return standing{running: state != "inactive" && state != "failed", boot: boot}, nil
}
