package provision

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// recorder is a log in an own directory, and a pipeline whose events it keeps.
func recorder(t *testing.T, dir string, secrets ...string) (*runLog, *Pipeline) {
	t.Helper()
	log, err := openRunLog(dir, func() *strings.Replacer { return strings.NewReplacer(secrets...) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	return log, &Pipeline{Observe: log.tee(func(Event) {})}
}

func TestRunIsRecordedAndRead(t *testing.T) {
	dir := t.TempDir()
	log, p := recorder(t, dir, "hunter2hunter2", "(secret)")
	w := newWorld()
	p.Steps = []Step{
		{testStage{world: w, name: "vms", things: []string{"a", "b"}}, nil},
		{testStage{world: w, name: "helm", things: []string{"c"}, apply: func(ctx context.Context, _ string) error {
			change.Trace(ctx, "ssh", "argv", []string{"helm", "hunter2hunter2"})(nil)
			return BadUsage.Failf("the chart says hunter2hunter2")
		}}, []string{"vms"}},
	}
	p.send(Event{Kind: RunBegun, Run: &RunInfo{Number: log.number, Command: "up", Line: "wiabctl up", By: "ada", Version: "v1"}})
	ctx := change.WithLog(t.Context(), log.logger())
	plans := p.Plan(ctx)
	p.Tell(plans)
	_, err := p.Up(ctx, plans)
	if running, _ := runs(dir); len(running) != 1 || running[0].Outcome != OutcomeRunning {
		t.Errorf("while it runs: %+v", running)
	}
	p.send(Event{Kind: RunEnded, Outcome: outcome(ctx, err), Text: err.Error(), Failures: failureIDs(err), Changes: log.made})
	log.Close()

	run, err := readRun(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if run.RunInfo != (RunInfo{1, "up", "wiabctl up", "ada", "v1"}) || run.Outcome != OutcomeFailed || run.Changes != 2 ||
		!slices.Equal(run.Failures, []string{"usage"}) || run.Began.IsZero() || run.Took <= 0 || run.Log != log.path {
		t.Errorf("read %+v", run)
	}
	if len(run.Plan) != 3 || !reflect.DeepEqual(run.Plan[2], RunChange{Stage: "helm", Verb: change.Create, Subject: "c", Reason: "missing"}) {
		t.Errorf("planned %+v", run.Plan)
	}
	if len(run.Stages) != 2 || len(run.Stages[0].Changes) != 2 || !run.Stages[0].Changes[1].Made || run.Stages[0].Failed ||
		!run.Stages[1].Failed || run.Stages[1].Changes[0].Made || run.Stages[0].Took <= 0 {
		t.Errorf("stages %+v", run.Stages)
	}
	content, _ := os.ReadFile(log.path)
	if bytes.Contains(content, []byte("hunter2hunter2")) || bytes.Count(content, []byte("(secret)")) < 4 {
		t.Errorf("the log tells a secret, or nothing in its place:\n%s", content)
	}
	if !bytes.Contains(content, []byte(`"msg":"ssh","stage":"helm","argv":["helm","(secret)"]`)) {
		t.Errorf("the log does not tell which stage sent what:\n%s", content)
	}
	if info, _ := os.Stat(log.path); info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the log: %v", info.Mode())
	}
	if _, err := readRun(dir, 2); !errors.Is(err, BadUsage.Failf("")) {
		t.Errorf("a run that never was: %v", err)
	}
}

func TestSecretsMadeMeanwhileAreHidden(t *testing.T) {
	var made []string
	log, err := openRunLog(t.TempDir(), func() *strings.Replacer { return strings.NewReplacer(made...) })
	if err != nil {
		t.Fatal(err)
	}
	made = []string{"justmadesecret", "(secret)"}
	log.note(Event{Stage: "secrets", Kind: StageFailed, Text: "it says justmadesecret"})
	made = append(made, "anothersecret", "(secret)")
	log.note(Event{Stage: "secrets", Kind: StageDone})
	log.note(Event{Stage: "helm", Kind: Progressed, Text: "it says anothersecret"})
	log.Close()
	if content, _ := os.ReadFile(log.path); bytes.Contains(content, []byte("justmadesecret")) || bytes.Contains(content, []byte("anothersecret")) {
		t.Errorf("the log tells it:\n%s", content)
	}
}

func TestRecordBeginsWithTheFirstChangeWhereThereIsNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	log, p := recorder(t, dir)
	p.send(Event{Kind: RunBegun, Run: &RunInfo{Number: 1, Line: "wiabctl up"}})
	log.logger().Debug("looked")
	if _, err := os.Stat(dir); err == nil || log.kept() {
		t.Fatal("a run that changed nothing left a directory")
	}
	p.send(Event{Stage: "host", Kind: ChangeBegun, Verb: change.Delete, Subject: "b"})
	if log.kept() {
		t.Fatal("a run that only takes away left a directory")
	}
	p.send(Event{Stage: "host", Kind: ChangeBegun, Verb: change.Create, Subject: "a"})
	log.Close()
	run, err := readRun(dir, 1)
	if err != nil || run.Line != "wiabctl up" || len(run.Stages) != 1 {
		t.Errorf("what came before is lost: %+v, %v", run, err)
	}
}

func TestRunsOfAllEnds(t *testing.T) {
	dir := t.TempDir()
	begun := `{"time":"2026-01-02T03:04:05Z","stage":"","event":"run","run":{"number":7,"command":"up","line":"wiabctl up","by":"ada","version":"v1"}}` + "\n"
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("000007.jsonl", begun+`{"time":"2026-01-02T03:04:09Z","level":"DEBUG","msg":"x","event":"ended"}`+"\n"+`{"time":"2026-01-02T03:04:08Z","stage":"vms","event":"made"}`+"\n"+`{"time":"2026-0`)
	write("000008.jsonl", strings.ReplaceAll(begun, "7", "8")+`{"time":"2026-01-02T03:04:09Z","event":"ended","outcome":"declined"}`+"\n")
	write("1000000.jsonl", "no JSON\n")
	write("notes.txt", "")
	all, err := runs(dir)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	if cut := all[0]; cut.Outcome != OutcomeCut || cut.Changes != 1 || cut.Took != 3*time.Second || cut.Number != 7 {
		t.Errorf("killed while it wrote: %+v", cut)
	}
	if declined := all[1]; declined.Outcome != OutcomeDeclined || declined.Took != 4*time.Second {
		t.Errorf("declined: %+v", declined)
	}
	if all[2].Number != 1000000 {
		t.Errorf("order: %+v", all)
	}
	info := RunInfo{7, "up", "wiabctl up", "ada", "v1"}
	eighth := info
	eighth.Number = 8
	if begun, err := begunRuns(dir); err != nil || !slices.Equal(begun, []RunInfo{info, eighth, {Number: 1000000}}) {
		t.Errorf("as they began: %+v, %v", begun, err)
	}
}

func TestOutcome(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	broken := errors.New("it broke")
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		want Outcome
	}{
		{"well", t.Context(), nil, OutcomeDone},
		{"badly", t.Context(), broken, OutcomeFailed},
		{"by a signal", ended, broken, OutcomeStopped},
		{"with a no", t.Context(), NotConfirmed.Failf("no"), OutcomeDeclined},
		{"well, in spite of a signal", ended, nil, OutcomeDone},
	} {
		if got := outcome(test.ctx, test.err); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestOldRecordsGo(t *testing.T) {
	dir := t.TempDir()
	for range keptRuns + 2 {
		log, err := openRunLog(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		log.Close()
	}
	all, err := records(dir)
	if err != nil || len(all) != keptRuns || all[0].number != 3 || all[len(all)-1].number != keptRuns+2 {
		t.Errorf("%d records from %d on, %v", len(all), all[0].number, err)
	}
}

func TestLoginName(t *testing.T) {
	t.Setenv("SUDO_USER", "ada")
	if got := loginName(); got != "ada" {
		t.Errorf("behind sudo: %q", got)
	}
	t.Setenv("SUDO_USER", "")
	if got := loginName(); got == "" || got == "ada" {
		t.Errorf("without sudo: %q", got)
	}
}

// Who lists the runs while others begin gets all that are there, and keeps none from beginning.
func TestRunsAreReadWhileOthersBegin(t *testing.T) {
	dir := t.TempDir()
	var readers sync.WaitGroup
	over := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if _, err := runs(dir); err != nil {
					t.Errorf("who reads: %v", err)
					return
				}
				if _, err := begunRuns(dir); err != nil {
					t.Errorf("who completes: %v", err)
					return
				}
			}
		})
	}
	for range keptRuns + 300 {
		log, err := openRunLog(dir, nil)
		if err != nil {
			t.Errorf("who begins: %v", err)
			break
		}
		log.Close()
	}
	close(over)
	readers.Wait()
}

// A full disk may have taken the line by which a run began.
func TestRunWithoutItsFirstLine(t *testing.T) {
	var run Run
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run.add(Event{Time: at, Kind: StagePlanned, Stage: "host"})
	run.add(Event{Time: at.Add(time.Second), Kind: StageDone, Stage: "host"})
	if !run.Began.Equal(at) || run.Took != time.Second {
		t.Errorf("it began %s and took %s", run.Began, run.Took)
	}
}
