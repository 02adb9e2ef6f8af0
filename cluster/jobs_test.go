package cluster

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestJobs(t *testing.T) {
	admin := testAdmin(t)
	bin := t.TempDir()
	writeProgram(t, filepath.Join(bin, "systemctl"), "echo wiabctl-job-helm.service loaded active running x")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	jobs := Jobs{Admin: admin}
	if all, err := jobs.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("jobs before the first: %v, %v", all, err)
	}
	began := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	ran := func(name string, after time.Duration, result, output string) {
		t.Helper()
		j := Job{Name: name}
		content, err := json.Marshal(receipt{Run: "7", Started: began.Add(after)})
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"receipt.json": string(content), "result": result, outputFile: output} {
			if err := admin.Write(t.Context(), j.file(file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	const at = "2026-11-25T04:00:00Z "
	ran("cluster", 0, "7 success exited 0", at+"cluster\n")
	ran("helm", 2*time.Hour, "7 ", at+"helm\n"+at+"half")
	ran("release-red", time.Hour, "7 exit-code exited 1", at+"red\n")
	ran("certificate-x", time.Minute, "7 success exited 0", at+"x\n")
	ran("release-blue", 30*time.Minute, "7 stopped killed TERM", at+"blue\n")
	for _, foreign := range []string{"NOT A JOB", "-x"} {
		if err := os.Mkdir(filepath.Join(admin.Dir, jobsDir, foreign), 0o700); err != nil {
			t.Fatal(err)
		}
	}

	all, err := jobs.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range all {
		got = append(got, strings.Join([]string{j.Name, j.Started.Format("15:04"), map[bool]string{true: "running"}[j.Running], j.End}, ","))
	}
	want := "helm,06:00,running, release-red,05:00,,exit-code exited 1 release-blue,04:30,,stopped killed TERM certificate-x,04:01,,success exited 0 cluster,04:00,,success exited 0"
	if strings.Join(got, " ") != want {
		t.Errorf("jobs:\n%s\nwant\n%s", strings.Join(got, " "), want)
	}
	if running := Running(all); len(running) != 1 || running[0].Name != "helm" {
		t.Errorf("running: %v", running)
	}

	for name, want := range map[string]string{"": "helm", "helm": "helm", "domains": "release-red", "release-blue": "release-blue", "certificates": "certificate-x", "cluster": "cluster"} {
		if j, err := Find(all, name); err != nil || j.Name != want {
			t.Errorf("%q is %v (%v), want %s", name, j.Name, err, want)
		}
	}
	if _, err := Find(all, "vms"); !errors.Is(err, JobUnknown.Failf("")) || !strings.Contains(err.Error(), "certificate-x, cluster, helm, release-blue, release-red") {
		t.Errorf("a stage without a job: %v", err)
	}
	if _, err := Find(nil, ""); !errors.Is(err, JobUnknown.Failf("")) {
		t.Errorf("no job at all: %v", err)
	}

	var lines []string
	read := func(name string, previous bool) error {
		lines = nil
		j, err := Find(all, name)
		if err != nil {
			return err
		}
		return jobs.Log(t.Context(), j, previous, false, func(line string) { lines = append(lines, line) })
	}
	if err := read("helm", false); err != nil || strings.Join(lines, "|") != at+"helm" {
		t.Errorf("the log: %q, %v", lines, err)
	}
	if err := read("helm", true); !errors.Is(err, JobUnknown.Failf("")) {
		t.Errorf("a log of a run that was not: %v", err)
	}
}
