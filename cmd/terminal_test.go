package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// screen is what a person sees on a terminal: it knows what our views write, and no more.
type screen struct {
	mu  sync.Mutex
	raw strings.Builder
}

// Write takes output of any length, also half an escape sequence at its end.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw.Write(p)
	return len(p), nil
}

// seen are the lines that are on the screen, drawn from all that was written.
func (s *screen) seen() (string, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw := s.raw.String()
	lines, row := []string{""}, 0
	for rest := raw; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "\x1b[A"):
			row, rest = max(row-1, 0), rest[3:]
		case strings.HasPrefix(rest, "\x1b[J"):
			lines, rest = append(lines[:row], ""), rest[3:]
		case rest[0] == '\x1b':
			_, after, found := strings.Cut(rest, "m")
			if !found {
				return strings.Join(lines, "\n"), raw
			}
			rest = after
		case rest[0] == '\r':
			rest = rest[1:]
		case rest[0] == '\n':
			if row++; row == len(lines) {
				lines = append(lines, "")
			}
			rest = rest[1:]
		default:
			lines[row] += rest[:1]
			rest = rest[1:]
		}
	}
	return strings.Join(lines, "\n"), raw
}

// shows waits until the screen shows something.
func (s *screen) shows(t *testing.T, what string) {
	t.Helper()
	err := change.Condition{Description: what, Deadline: 30 * time.Second, Interval: 10 * time.Millisecond, Check: func(context.Context) error {
		if text, _ := s.seen(); !strings.Contains(text, what) {
			return errors.New("there is:\n" + text)
		}
		return nil
	}}.Await(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// watched is a pseudo-terminal and what it shows.
func watched(t *testing.T, width, height uint16) (master, slave *os.File, s *screen) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Cols: width, Rows: height}); err != nil {
		t.Fatal(err)
	}
	s = &screen{}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			s.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	return master, slave, s
}

// TestLiveView shows a run on a terminal that becomes narrower meanwhile.
func TestLiveView(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	master, slave, screen := watched(t, 100, 20)
	show := (&options{output: "plain"}).view(slave)
	about := provision.Event{Stage: "vms", Verb: change.Create, Subject: "domain a"}
	send := func(kind provision.EventKind, text string) {
		e := about
		e.Kind, e.Text, e.Time, e.Changes = kind, text, time.Now(), 1
		show(e)
	}
	show(provision.Event{Kind: provision.RunBegun, Run: &provision.RunInfo{}})
	send(provision.ChangeWanted, "it is not defined")
	show(provision.Event{Stage: "cluster", Kind: provision.StageWaits, Text: "vms"})
	send(provision.StagePlanned, "")
	send(provision.ChangeBegun, "it is not defined\nand never was")
	screen.shows(t, "0/1  create domain a: it is not defined; and 1 more")
	send(provision.Progressed, strings.Repeat("booting ", 20))
	screen.shows(t, "0/1  create domain a: booting booting")
	screen.shows(t, "cluster      waits for vms")
	if _, raw := screen.seen(); !strings.Contains(raw, "\x1b[32m+\x1b[0m create domain a") {
		t.Errorf("the plan has no colours: %q", raw)
	}
	screen.shows(t, "   1s  0/1") // nothing happens, and time goes on
	if err := pty.Setsize(master, &pty.Winsize{Cols: 40, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	screen.shows(t, "0/1  create domain\n") // 39 columns
	send(provision.ChangeMade, "")
	about.Subject = ""
	send(provision.StageDone, "")
	show(provision.Event{Kind: provision.RunEnded})
	show(provision.Event{Stage: "verify", Kind: provision.StageDone})
	screen.shows(t, "verify       as configured")
	if text, _ := screen.seen(); strings.Contains(text, "waits for") || !strings.Contains(text, "vms          as configured, after 1 change") {
		t.Errorf("when all is over there is left:\n%s", text)
	}
}

// TestViewWithoutTerminal is for terminals that can do nothing, and for none: only lines.
func TestViewWithoutTerminal(t *testing.T) {
	t.Setenv("TERM", "dumb")
	_, slave, screen := watched(t, 80, 24)
	show := (&options{output: "plain"}).view(slave)
	show(provision.Event{Kind: provision.RunBegun})
	show(provision.Event{Stage: "vms", Kind: provision.ChangeBegun, Verb: change.Create, Subject: "domain a", Text: "it is not defined"})
	show(provision.Event{Stage: "vms", Kind: provision.ChangeLeft, Verb: change.Create, Subject: "domain a", Text: "it is finished first"})
	show(provision.Event{Kind: provision.RunEnded})
	screen.shows(t, "vms          create domain a: it is not defined\nvms          stopping: create domain a: it is finished first\n")
	if _, raw := screen.seen(); strings.Contains(raw, "\x1b") {
		t.Errorf("it moves or paints: %q", raw)
	}
}

// atTerminal runs the binary on a terminal of its own.
func atTerminal(t *testing.T, environment []string, args ...string) (terminal *os.File, s *screen, end func() int) {
	t.Helper()
	return sitting(t, environment, append([]string{"wiabctl"}, args...)...) // which testscript.Main puts on PATH
}

// sitting runs a program on a terminal of its own, for a minute at most.
func sitting(t *testing.T, environment []string, argv ...string) (terminal *os.File, s *screen, end func() int) {
	t.Helper()
	master, slave, s := watched(t, 100, 24)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(append(os.Environ(), "TERM=xterm", "NO_COLOR=", "WIABCTL_YES="), environment...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = onTerminal()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return master, s, func() int {
		_ = cmd.Wait()
		if ctx.Err() != nil {
			t.Error("it does not end")
		}
		return cmd.ProcessState.ExitCode()
	}
}

// cached is a configuration whose cache holds a file that nothing needs.
func cached(t *testing.T) (config, file string) {
	t.Helper()
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache", "sha256")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	config, file = filepath.Join(dir, "wiabctl.yaml"), filepath.Join(cache, strings.Repeat("a", 64))
	text := "domain: green.example.org\nemail: ops@example.org\nartifact: {hash: 5b01f250e128db689715558bad6b5e532cf4a7a0}\nassets: {cache: " + filepath.Join(dir, "cache") + "}\n"
	if err := errors.Join(os.WriteFile(config, []byte(text), 0o600), os.WriteFile(file, []byte("a"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return config, file
}

// TestQuestion asks a person before something is changed.
func TestQuestion(t *testing.T) {
	for _, test := range []struct {
		name        string
		environment []string
		typed       string
		exit        int
		gone        bool
		colours     bool
	}{
		{"yes", nil, "yes\n", 0, true, true},
		{"no", nil, "no\n", 16, false, true},
		{"anything else", nil, "y\n", 16, false, true},
		{"Ctrl-C", nil, "\x03", 15, false, true},
		{"Ctrl-D", nil, "\x04", 16, false, true},
		{"without colours", []string{"NO_COLOR=1"}, "yes\n", 0, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, file := cached(t)
			terminal, screen, end := atTerminal(t, test.environment, "assets", "prune", "--all", "--config", config)
			screen.shows(t, "Remove all of this? (")
			if _, err := terminal.WriteString(test.typed); err != nil {
				t.Fatal(err)
			}
			if code := end(); code != test.exit {
				t.Errorf("exit code %d, want %d", code, test.exit)
			}
			if _, err := os.Stat(file); (err != nil) != test.gone {
				t.Errorf("the file is gone: %v, want %v", err != nil, test.gone)
			}
			text, raw := screen.seen()
			if strings.Contains(raw, "\x1b[31m-\x1b[0m delete") != test.colours || !strings.Contains(text, "- delete ") {
				t.Errorf("the plan is not shown as it should be: %q", raw)
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		config, file := cached(t)
		_, _, end := atTerminal(t, []string{"WIABCTL_YES=1"}, "assets", "prune", "--all", "--config", config)
		if code := end(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("the variable said yes, and the file is there")
		}
	})
}
