package provision

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"wiabctl/provision/change"
)

// Run is a run as it was recorded.
type Run struct {
	RunInfo
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took_ns"` // so far, where it runs or was cut off
	Outcome  Outcome       `json:"outcome"`
	Changes  int           `json:"changes"` // how many were made
	Text     string        `json:"text,omitempty"`
	Failures []string      `json:"failures,omitempty"`
	Log      string        `json:"log"` // the file with all that happened
	Plan     []RunChange   `json:"plan,omitempty"`
	Stages   []RunStage    `json:"stages,omitempty"`
}

// RunStage is what a run did in a stage.
type RunStage struct {
	Stage   string        `json:"stage"`
	Began   time.Time     `json:"began"`
	Took    time.Duration `json:"took_ns"` // until the last that is known of it
	Text    string        `json:"text,omitempty"`
	Failed  bool          `json:"failed,omitempty"`
	Changes []RunChange   `json:"changes,omitempty"`
}

// RunChange is a change that a run planned, or began.
type RunChange struct {
	Stage   string        `json:"stage"`
	Verb    change.Verb   `json:"verb"`
	Subject string        `json:"subject"`
	Reason  string        `json:"reason,omitempty"`
	Diff    []string      `json:"diff,omitempty"`
	Within  string        `json:"within,omitempty"` // the subject of another change, whose diff tells of all places that this one does
	Made    bool          `json:"made,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"`
}

// Runs are the recorded runs, the oldest first, without their plans and stages.
func Runs() ([]Run, error) { return runs(historyDir) }

func runs(dir string) ([]Run, error) {
	all, err := records(dir)
	if err != nil {
		return nil, err
	}
	var found []Run
	for _, r := range all {
		run, err := r.read()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a run that began meanwhile has removed it
		}
		if err != nil {
			return nil, err
		}
		run.Plan, run.Stages = nil, nil
		found = append(found, run)
	}
	return found, nil
}

// BegunRuns are the recorded runs as they were when they began, the oldest first. It reads no more of the records.
func BegunRuns() ([]RunInfo, error) { return begunRuns(historyDir) }

func begunRuns(dir string) ([]RunInfo, error) {
	all, err := records(dir)
	if err != nil {
		return nil, err
	}
	var found []RunInfo
	for _, r := range all {
		run, err := r.begun()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, run)
	}
	return found, nil
}

// ReadRun is the recorded run of a number, whole. Where there is none it is BadUsage.
func ReadRun(number int) (Run, error) { return readRun(historyDir, number) }

func readRun(dir string, number int) (Run, error) {
	all, err := records(dir)
	if err != nil {
		return Run{}, err
	}
	at := slices.IndexFunc(all, func(r record) bool { return r.number == number })
	if at < 0 {
		return Run{}, BadUsage.Failf("there is no record of a run %d; `wiabctl history` lists those that there are", number)
	}
	return all[at].read()
}

// record is a file with the record of a run.
type record struct {
	number int
	path   string
}

// records are the records in a directory, the oldest first.
func records(dir string) ([]record, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, NotRoot.Failf("the records of runs are root's: %w", err)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for records of runs: %w", err)
	}
	var all []record
	for _, e := range entries {
		if found := recordName.FindStringSubmatch(e.Name()); found != nil {
			number, err := strconv.Atoi(found[1])
			if err == nil {
				all = append(all, record{number, filepath.Join(dir, e.Name())})
			}
		}
	}
	slices.SortFunc(all, func(a, b record) int { return a.number - b.number })
	return all, nil
}

var recordName = regexp.MustCompile(`^([0-9]{6,})\.jsonl$`)

// read reads the record. Its last line may be torn.
func (r record) read() (Run, error) {
	run := Run{RunInfo: RunInfo{Number: r.number}, Log: r.path, Outcome: OutcomeCut}
	file, err := os.Open(r.path)
	if err != nil {
		return run, fmt.Errorf("read the record of a run: %w", err)
	}
	defer file.Close()
	if unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil {
		run.Outcome = OutcomeRunning
	}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return run, nil
		}
		if err != nil {
			return run, fmt.Errorf("read the record of a run: %w", err)
		}
		if e, ok := eventOf(line); ok {
			run.add(e)
		}
	}
}

// begun is what the record's first line tells.
func (r record) begun() (RunInfo, error) {
	run := RunInfo{Number: r.number}
	file, err := os.Open(r.path)
	if err != nil {
		return run, fmt.Errorf("read the record of a run: %w", err)
	}
	defer file.Close()
	line, _ := bufio.NewReader(file).ReadBytes('\n') // it may be torn
	if e, ok := eventOf(line); ok && e.Run != nil {
		run = *e.Run
	}
	return run, nil
}

// eventOf reads a line of a record, if it is an event.
func eventOf(line []byte) (e Event, ok bool) {
	if bytes.Contains(line[:min(len(line), 80)], []byte(`"level":`)) {
		return e, false // what was noted between the events
	}
	return e, json.Unmarshal(line, &e) == nil
}

// add makes of a run what it is with one more event.
func (r *Run) add(e Event) {
	if r.Began.IsZero() { // a full disk may have taken the event by which it began
		r.Began = e.Time
	}
	switch e.Kind {
	case RunBegun:
		if e.Run != nil {
			r.RunInfo = *e.Run
		}
	case RunEnded:
		r.Outcome, r.Text, r.Failures = e.Outcome, e.Text, e.Failures
	case ChangeWanted:
		r.Plan = append(r.Plan, RunChange{Stage: e.Stage, Verb: e.Verb, Subject: e.Subject, Reason: e.Text, Diff: e.Diff, Within: e.Within})
	case ChangeMade:
		r.Changes++
	}
	r.Took = e.Time.Sub(r.Began)
	if e.Stage != "" && e.Kind != ChangeWanted && e.Kind != StageUnclear && e.Kind != StageWaits && e.Kind != Warned {
		r.stage(e).add(e)
	}
}

// stage is the stage of an event, a new one if it is its first.
func (r *Run) stage(e Event) *RunStage {
	at := slices.IndexFunc(r.Stages, func(s RunStage) bool { return s.Stage == e.Stage })
	if at < 0 {
		r.Stages = append(r.Stages, RunStage{Stage: e.Stage, Began: e.Time})
		at = len(r.Stages) - 1
	}
	return &r.Stages[at]
}

func (s *RunStage) add(e Event) {
	s.Took = e.Time.Sub(s.Began)
	switch e.Kind {
	case StageDone:
		s.Took = e.Took
	case StageFailed:
		s.Failed, s.Text = true, e.Text
		if e.Took > 0 {
			s.Took = e.Took
		}
	case ChangeBegun:
		s.Changes = append(s.Changes, RunChange{Stage: e.Stage, Verb: e.Verb, Subject: e.Subject, Reason: e.Text})
	case ChangeMade:
		for n := range s.Changes {
			if c := &s.Changes[n]; c.Verb == e.Verb && c.Subject == e.Subject && !c.Made {
				c.Made, c.Took = true, e.Took
			}
		}
	}
}
