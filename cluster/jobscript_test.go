package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// jobProgram is job.sh as the admin host has it.
func jobProgram(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "job")
	if err := os.WriteFile(file, jobScript, 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestJobScriptRun(t *testing.T) {
	job := jobProgram(t)
	tests := []struct {
		name, script string
		exit         int
		want         string // without times
	}{
		{"output and errors in their order", "echo one; echo two >&2; echo three", 0, "one\ntwo\nthree\n"},
		{"its exit status", "echo it broke; exit 7", 7, "it broke\n"},
		{"a signal", "kill -KILL $$", 137, ""},
		{"bytes of any kind", `printf 'caf\351\000\n'`, 0, "caf\xe9\x00\n"},
		{"no newline at its end", "printf half", 0, "half\n"},
		{"empty lines", `printf '\n\na\n'`, 0, "\n\na\n"},
		{"a line in pieces", "printf a; sleep 0.2; printf b; sleep 0.2; echo c", 0, "abc\n"},
		{"it has no input", "cat; echo done", 0, "done\n"},
	}
	times := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ `)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run := exec.Command(job, "run", "sh", "-c", test.script)
			run.Stdin = strings.NewReader("what systemd would give it")
			out, _ := run.Output()
			if code := run.ProcessState.ExitCode(); code != test.exit {
				t.Errorf("exit code %d, want %d", code, test.exit)
			}
			if got := times.ReplaceAllString(string(out), ""); got != test.want {
				t.Errorf("output %q, want %q", got, test.want)
			}
			if lines := strings.Count(test.want, "\n"); len(times.FindAllString(string(out), -1)) != lines {
				t.Errorf("not each of %d lines has one time: %q", lines, out)
			}
		})
	}
}

// A log that cannot be written costs the log and not the job.
func TestJobScriptFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	mark := filepath.Join(t.TempDir(), "mark")
	run := exec.Command(jobProgram(t), "run", "sh", "-ec", `head -c 1000000 /dev/zero | tr '\0' x; echo end >"$1"`, "sh", mark)
	run.Stdout = full
	if err := run.Run(); err != nil {
		t.Errorf("the job failed: %v", err)
	}
	if content, err := os.ReadFile(mark); err != nil || string(content) != "end\n" {
		t.Errorf("the job did not come to its end: %q, %v", content, err)
	}
}

func TestJobScriptFinish(t *testing.T) {
	job := jobProgram(t)
	tests := []struct {
		name    string
		before  string // what the result says
		service string // systemd's words: $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS
		want    ending
		removed bool // the container
	}{
		{"success", "7 ", "success exited 0", succeeded, false},
		{"failure", "7 ", "exit-code exited 3", "exit-code exited 3", false},
		{"killed", "7 ", "signal killed KILL", "signal killed KILL", true},
		{"cancelled", "7 stopped", "success killed TERM", "stopped killed TERM", true},
		{"it ended by itself while it was cancelled", "7 stopped", "exit-code exited 137", "stopped exited 137", false},
		{"an earlier run was cancelled", "6 stopped", "success exited 0", succeeded, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			admin := testAdmin(t)
			asked := filepath.Join(t.TempDir(), "asked")
			bin := t.TempDir()
			writeProgram(t, filepath.Join(bin, "sudo"), `echo "$*" >>`+asked)
			dir := filepath.Join(admin.Dir, "wiab/jobs/x")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "result"), reserved(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			words := strings.Fields(test.service)
			finish := exec.Command(job, "finish", dir, "7")
			finish.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "WIABCTL_JOB=wiabctl-job-x",
				"SERVICE_RESULT="+words[0], "EXIT_CODE="+words[1], "EXIT_STATUS="+words[2])
			if out, err := finish.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			j := Job{Name: "x"}
			if end, err := j.end(t.Context(), admin, "7"); err != nil || end != test.want {
				t.Errorf("it ended with %q (%v), want %q", end, err, test.want)
			}
			log := &jobLog{admin: admin, name: j.file("output"), run: "7"}
			if ended, err := log.more(t.Context(), func(string) {}); err != nil || !ended {
				t.Errorf("the log does not tell the end (%v)", err)
			}
			did, _ := os.ReadFile(asked)
			if got := string(did) == "docker rm --force wiabctl-job-x\n"; got != test.removed {
				t.Errorf("as root it did %q", did)
			}
		})
	}
}

func TestJobScriptStop(t *testing.T) {
	job := jobProgram(t)
	for name, test := range map[string]struct {
		pid  string
		want string
	}{
		"it still works":      {"$$", "docker kill wiabctl-job-x\n"},
		"it ended by itself":  {"", ""},
		"its process is gone": {"4194304", ""}, // above pid_max
	} {
		t.Run(name, func(t *testing.T) {
			dir, bin := t.TempDir(), t.TempDir()
			asked := filepath.Join(bin, "asked")
			writeProgram(t, filepath.Join(bin, "sudo"), `echo "$*" >>`+asked)
			if err := os.WriteFile(filepath.Join(dir, "result"), reserved("7 "), 0o600); err != nil {
				t.Fatal(err)
			}
			stop := exec.Command("sh", "-c", "MAINPID="+test.pid+` "$0" stop "$1" 7`, job, dir)
			stop.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "WIABCTL_JOB=wiabctl-job-x")
			if out, err := stop.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			did, _ := os.ReadFile(asked)
			if string(did) != test.want {
				t.Errorf("as root it did %q, want %q", did, test.want)
			}
			result, err := os.ReadFile(filepath.Join(dir, "result"))
			if err != nil || strings.HasPrefix(string(result), "7 stopped ") != (test.want != "") {
				t.Errorf("the result says %q (%v)", result, err)
			}
		})
	}
}
