package cluster

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestJobDone(t *testing.T) {
	job := Job{Name: "helm", Script: []string{"wiab/tools", "x"}, Inputs: []string{"5.32"}}
	older := Job{Name: "helm", Script: []string{"wiab/tools", "x"}, Inputs: []string{"5.30"}}
	proof := func(j Job) string {
		content, err := json.Marshal(receipt{Run: "run1", Inputs: j.digest(), Boot: bootID(t), Started: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	rebooted := strings.ReplaceAll(proof(job), bootID(t), "another")
	tests := []struct {
		name            string
		receipt, result string
		state           string // of the unit; empty: inactive
		want            string // part of the reason; empty means done
	}{
		{name: "no receipt", want: "no receipt"},
		{name: "succeeded", receipt: proof(job), result: "run1 success exited 0\n"},
		{name: "succeeded, in reserved bytes", receipt: proof(job), result: "run1 success exited 0" + strings.Repeat(" ", 80) + "\n"},
		{name: "failed", receipt: proof(job), result: "run1 exit-code exited 1\n", want: "exit-code exited 1"},
		{name: "killed", receipt: proof(job), result: "run1 signal killed KILL\n", want: "failed"},
		{name: "still running", receipt: proof(job), result: "run1 \n", state: "active", want: "it has been running since"},
		{name: "cancelled", receipt: proof(job), result: "run1 stopped killed TERM\n", want: "was cancelled"},
		{name: "being cancelled", receipt: proof(job), result: "run1 stopped\n", state: "deactivating", want: "it has been running since"},
		{name: "its unit was killed", receipt: proof(job), result: "run1 \n", want: "its unit was killed"},
		{name: "the host was rebooted", receipt: rebooted, result: "run1 \n", want: "was lost when the admin host was rebooted"},
		{name: "the host was shut down in order", receipt: rebooted, result: "run1 stopped killed TERM\n", want: "was lost when the admin host was rebooted"},
		{name: "other inputs", receipt: proof(older), result: "run1 success exited 0\n", want: "inputs changed"},
		{name: "a result without a receipt", result: "run1 success exited 0\n", want: "no receipt"},
		{name: "an empty result, as a full disk leaves it", receipt: proof(job), result: " ", want: "was lost"},
		{name: "a torn receipt", receipt: `{"run":"ru`, result: "run1 success exited 0\n", want: "no receipt"},
		{name: "the result of another run", receipt: proof(job), result: "run0 success exited 0\n", want: "was lost"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			admin := testAdmin(t)
			unitIs(t, cmp.Or(test.state, "inactive"))
			dir := filepath.Join(admin.Dir, jobsDir, "helm")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string]string{"receipt.json": test.receipt, "result": test.result} {
				if content == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			reason, err := job.Done(t.Context(), admin)
			if err != nil {
				t.Fatal(err)
			}
			if (test.want == "") != (reason == "") || !strings.Contains(reason, test.want) {
				t.Errorf("reason = %q, want one with %q", reason, test.want)
			}
		})
	}
}

func TestJobForgotten(t *testing.T) {
	admin := testAdmin(t)
	job := Job{Name: "helm", Script: []string{"x"}}
	if err := job.Forget(t.Context(), admin); err != nil {
		t.Errorf("forgetting what never ran: %v", err)
	}
	succeed(t, admin, job)
	if reason, err := job.Done(t.Context(), admin); err != nil || reason != "" {
		t.Fatalf("before: %q, %v", reason, err)
	}
	if err := job.Forget(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	if reason, err := job.Done(t.Context(), admin); err != nil || reason == "" {
		t.Errorf("after forgetting the job still counts as done (%v)", err)
	}
}

// succeed leaves what a run of the job leaves that came to a good end.
func succeed(t *testing.T, admin *Admin, job Job) {
	t.Helper()
	content, err := json.Marshal(receipt{Run: "run1", Inputs: job.digest()})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"receipt.json": string(content), "result": "run1 " + string(succeeded)} {
		if err := admin.Write(t.Context(), job.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDigestTellsInputsApart(t *testing.T) {
	jobs := []Job{
		{Script: []string{"a"}, Files: []File{{Name: "f", Content: []byte("x")}}}, {Script: []string{"a"}, Files: []File{{Name: "f", Content: []byte("y")}}},
		{Script: []string{"a", "b"}}, {Script: []string{"ab"}}, {Script: []string{"a"}, Inputs: []string{"c"}}, {Script: []string{"a"}, Inputs: []string{"c", ""}},
	}
	seen := map[string]int{}
	for i, j := range jobs {
		if other, ok := seen[j.digest()]; ok {
			t.Errorf("jobs %d and %d have one digest", other, i)
		}
		seen[j.digest()] = i
	}
}

func TestClean(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"plain", "ok: [kubenode1]\r\n", "ok: [kubenode1]"},
		{"escape sequences lose their teeth", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"not UTF-8", "caf\xe9", "caf?"},
		{"tabs stay", "a\tb", "a\tb"},
		{"nor have those of eight bits", "a\u009b31mb", "a31mb"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := clean(test.line); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// unitIs lets systemctl say of every unit that it is in this state.
func unitIs(t *testing.T, state string) {
	t.Helper()
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "systemctl"), "echo "+state)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// bootID is this machine's, as the kernel tells it.
func bootID(t *testing.T) string {
	t.Helper()
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(id))
}
