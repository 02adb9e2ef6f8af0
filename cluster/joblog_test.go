package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestJobLog(t *testing.T) {
	const at = "2026-11-25T04:00:00Z "
	admin := testAdmin(t)
	log := &jobLog{admin: admin, name: "output", run: "7"}
	var read []string
	more := func() bool {
		ended, err := log.more(t.Context(), func(line string) { read = append(read, line) })
		if err != nil {
			t.Fatal(err)
		}
		return ended
	}
	if _, err := log.more(t.Context(), func(string) {}); err == nil {
		t.Error("reading what is not there succeeded")
	}
	file, err := os.Create(filepath.Join(admin.Dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	write := func(text string) {
		t.Helper()
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name, write string
		want        []string
		ended       bool
	}{
		{"nothing", "", nil, false},
		{"lines, and the beginning of one", at + "one\n" + at + "two\n" + at + "thr", []string{at + "one", at + "two"}, false},
		{"the rest of it", "ee\n", []string{at + "three"}, false},
		{"no UTF-8, and a terminal's control", "caf\xe9 \x1b[31mred\n", []string{"caf? [31mred"}, false},
		{"a line that is too long is cut", strings.Repeat("x", lineLimit+3) + "\n", []string{strings.Repeat("x", lineLimit), "xxx"}, false},
		{"another run's end", at + "wiabctl: run 6 success exited 0\n", []string{at + "wiabctl: run 6 success exited 0"}, false},
		{"what only looks like the end", at + "echo wiabctl: run 7 success\n", []string{at + "echo wiabctl: run 7 success"}, false},
		{"the end", at + "wiabctl: run 7 success exited 0\n", []string{at + "wiabctl: run 7 success exited 0"}, true},
	}
	for _, step := range steps {
		read = nil
		write(step.write)
		if ended := more(); ended != step.ended || !slices.Equal(read, step.want) {
			t.Errorf("%s: ended %v with %.200q, want %v with %.200q", step.name, ended, read, step.ended, step.want)
		}
	}

	// A flood: all of it is read, also over a connection that breaks.
	const flood = 50_000
	write(strings.Repeat(at+"a line of a flood of output\n", flood))
	read = nil
	admin.client.Close()
	<-admin.client.gone
	more()
	if len(read) != flood || read[flood-1] != at+"a line of a flood of output" {
		t.Errorf("of %d lines %d were read", flood, len(read))
	}
	write(at + "wiabctl: run 7 success exited 0\n")
	if got := log.last(t.Context(), 2); got != "a line of a flood of output\na line of a flood of output" {
		t.Errorf("last lines %q", got)
	}
}

func TestUntimed(t *testing.T) {
	for line, want := range map[string]string{
		"2026-11-25T04:00:00Z PLAY [all]": "PLAY [all]",
		"2026-11-25T04:00:00Z ":           "",
		"PLAY [all]":                      "PLAY [all]",
		"":                                "",
	} {
		if got := untimed(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// One connection serves many jobs: the server holds no log of one that has ended.
func TestWatchLetsGoOfTheLog(t *testing.T) {
	admin := testAdmin(t)
	j := Job{Name: "cluster"}
	for name, content := range map[string]string{outputFile: "2026-03-01T12:00:00Z done\n2026-03-01T12:00:01Z wiabctl: run R1 success exited 0\n", "result": "R1 success exited 0\n"} {
		if err := admin.Write(t.Context(), j.file(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := &jobLog{admin: admin, name: j.file(outputFile), run: "R1"}
	var lines []string
	end, err := j.watch(t.Context(), log, func(line string) { lines = append(lines, line) }, nil)
	if err != nil || end != succeeded || len(lines) != 2 {
		t.Fatalf("%q, %v, %q", end, err, lines)
	}
	open, err := filepath.Glob("/proc/self/fd/*") // the tests' server is this process
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if file, _ := os.Readlink(fd); file == admin.path(j.file(outputFile)) {
			t.Errorf("%s is still open", file)
		}
	}
}
