package provision

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/user"
	"runtime/debug"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// RunInfo is what is known of a run when it begins.
type RunInfo struct {
	Number  int    `json:"number"`  // counts from 1; down begins anew
	Command string `json:"command"` // "snapshot restore"
	Line    string `json:"line"`    // as it was typed, quoted for a shell
	By      string `json:"by"`      // the login name, also behind sudo
	Version string `json:"version"` // of wiabctl
}

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run.
const (
	OutcomeDone     Outcome = "done"     // without a failure
	OutcomeFailed   Outcome = "failed"   // with the failures that it tells
	OutcomeDeclined Outcome = "declined" // nobody said yes
	OutcomeStopped  Outcome = "stopped"  // by a signal, or because the time of --timeout was over
	OutcomeRunning  Outcome = "running"  // it has not ended
	OutcomeCut      Outcome = "cut off"  // killed, or the host lost its power
)

// outcome is how a run ends with an error, or without one.
func outcome(ctx context.Context, err error) Outcome {
	switch {
	case err == nil:
		return OutcomeDone
	case errors.Is(err, NotConfirmed.Failf("")):
		return OutcomeDeclined
	case ctx.Err() != nil:
		return OutcomeStopped
	default:
		return OutcomeFailed
	}
}

// failureIDs are the ids of the failures in err, each once.
func failureIDs(err error) (ids []string) {
	met := map[string]bool{}
	for _, f := range change.Failures(err) {
		if !met[f.ID] {
			ids = append(ids, f.ID)
		}
		met[f.ID] = true
	}
	return ids
}

// loginName is who is behind the process: whom sudo tells, else whom the kernel noted at the
// login (proc(5), loginuid), else whose the process is.
func loginName() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	noted, _ := os.ReadFile("/proc/self/loginuid")
	if who, err := user.LookupId(strings.TrimSpace(string(noted))); err == nil {
		return who.Username
	}
	if who, err := user.Current(); err == nil {
		return who.Username
	}
	return "unknown"
}

// buildVersion is the module's version, or the commit that the binary was built from.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "unknown")
}

// Record begins the record of a run and returns a context whose log it keeps; end tells how
// the run ended. Where there is no history yet the file is made when something is made: a run
// that is refused on a bare host, or that only takes away, leaves nothing. The caller holds the run lock.
func (i *Installation) Record(ctx context.Context, command, line string) (_ context.Context, end func(error), err error) {
	log, err := openRunLog(historyDir, i.secrets().Redact)
	if err != nil {
		return ctx, nil, err
	}
	i.log, i.pipeline.Observe = log, log.tee(i.pipeline.Observe)
	began := time.Now()
	i.pipeline.send(Event{Kind: RunBegun, Run: &RunInfo{Number: log.number, Command: command, Line: line, By: loginName(), Version: buildVersion()}})
	end = func(err error) {
		e := Event{Kind: RunEnded, Changes: log.made, Took: time.Since(began), Outcome: outcome(ctx, err), Failures: failureIDs(err)}
		if err != nil {
			e.Text = err.Error()
		}
		i.pipeline.send(e)
		log.Close()
	}
	return change.WithLog(ctx, log.logger()), end, nil
}
