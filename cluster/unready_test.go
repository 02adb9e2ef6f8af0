package cluster

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUnready tells of scenes as the API shows them: testdata/unready/NAME.json becomes NAME.txt.
func TestUnready(t *testing.T) {
	files, err := filepath.Glob("testdata/unready/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenes: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			s := readScene(t, file)
			text := s.String()
			if name == "all-ready" {
				if text != "" || s.brief() != "" {
					t.Errorf("all is ready, and it tells\n%s", text)
				}
				return
			}
			golden(t, "unready/"+name+".txt", []byte(text+"\n\nin brief: "+s.brief()+"\n"))
		})
	}
}

// readScene reads a scene; it has to have the logs that are wanted, and no others.
func readScene(t *testing.T, file string) scene {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var given struct {
		Workloads []workload
		Pods      []pod
		Events    []event
		Logs      []struct {
			Pod, Container, Text string
			Previous             bool
		}
	}
	if err := json.Unmarshal(content, &given); err != nil {
		t.Fatal(err)
	}
	s := scene{workloads: given.Workloads, pods: given.Pods, events: given.Events, logs: map[logOf]string{}}
	for _, l := range given.Logs {
		s.logs[logOf{l.Pod, l.Container, l.Previous}] = l.Text
	}
	for _, of := range s.wanted() {
		if _, there := s.logs[of]; !there {
			s.logs[of] = "" // a container without a word
		}
	}
	if len(s.wanted()) < len(given.Logs) {
		t.Errorf("wanted are the logs %v", s.wanted())
	}
	return s
}

// crashing is a cluster in which a pod of the release smtp crashes.
func crashing(t *testing.T) map[string]any {
	t.Helper()
	release := stored(t, "smtp", "2", "failed", nil)
	release["metadata"].(map[string]any)["namespace"] = "mail"
	meta := map[string]any{"name": "smtp", "labels": map[string]string{"app": "smtp"}}
	list := func(items ...any) map[string]any { return map[string]any{"items": items} }
	return map[string]any{
		"/api/v1/secrets": list(release),
		"/apis/apps/v1/namespaces/mail/deployments": list(
			map[string]any{"metadata": meta, "spec": map[string]any{"selector": map[string]any{"matchLabels": meta["labels"]}}},
			map[string]any{"metadata": map[string]any{"name": "not-of-the-release"}}),
		"/api/v1/namespaces/mail/events": list(),
		"/api/v1/namespaces/mail/pods": list(map[string]any{"metadata": meta, "spec": map[string]any{"nodeName": "kubenode2"}, "status": map[string]any{
			"phase": "Running", "containerStatuses": []any{map[string]any{"name": "mta", "restartCount": 3,
				"state":     map[string]any{"waiting": map[string]any{"reason": "CrashLoopBackOff"}},
				"lastState": map[string]any{"terminated": map[string]any{"exitCode": 78}}}}}}),
		"/api/v1/namespaces/mail/pods/smtp/log": "the password is hunter2hunter2",
	}
}

func failedJob() error { return JobFailed.Failf("job release-smtp ended with \"exit-code exited 1\"") }

func TestExplain(t *testing.T) {
	timedOut := chart{Release: "smtp", Said: []string{"Error: UPGRADE FAILED: context deadline exceeded"}}
	for _, test := range []struct {
		name    string
		culprit chart
		answers map[string]any // instead of the crashing cluster's; nil: as they are
		kind    error
		says    []string
	}{
		{"a pod crashes", timedOut, nil, ReleaseNotReady.Failf(""),
			[]string{"release smtp does not become ready", "deployment smtp is not ready", "pod smtp on kubenode2: container mta waits: CrashLoopBackOff; before that it ended with exit code 78, restarted 3 times",
				"the password is (hidden)", "job release-smtp"}},
		{"a template is wrong", chart{Release: "smtp", Said: []string{"Error: UPGRADE FAILED: execution error at (smtp.yaml:1:4)"}}, nil, JobFailed.Failf(""), nil},
		{"helm was killed", chart{Release: "smtp", Said: []string{"helm was ended by signal 9"}}, nil, JobFailed.Failf(""), nil},
		{"another helm holds it", chart{Release: "smtp", Said: []string{"Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"}}, nil, ReleaseStuck.Failf(""),
			[]string{"release smtp cannot be deployed"}},
		{"no chart failed", chart{}, nil, JobFailed.Failf(""), nil},
		{"all is ready by now", timedOut, map[string]any{"/api/v1/secrets": map[string]any{"items": []any{}}}, JobFailed.Failf(""), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.answers == nil {
				test.answers = crashing(t)
			}
			api := testAPI(t, test.answers)
			api.Admin.Redact = func() *strings.Replacer { return strings.NewReplacer("hunter2hunter2", "(hidden)") }
			err := Rollout{Admin: api.Admin, API: api}.explain(t.Context(), failedJob(), test.culprit)
			if !errors.Is(err, test.kind) || !errors.Is(err, JobFailed.Failf("")) {
				t.Errorf("%v is not of the kind", err)
			}
			for _, says := range append(test.says, "exit-code exited 1") {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not said in\n%v", says, err)
				}
			}
			if len(test.says) > 0 && strings.Contains(err.Error(), "not-of-the-release") {
				t.Errorf("it tells of what is not of the release:\n%v", err)
			}
		})
	}
}

// TestExplainWithoutAPI has an API server that is down, and one that accepts and never answers.
func TestExplainWithoutAPI(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, server := range map[string]string{"down": "http://127.0.0.1:1", "silent": "http://" + silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			api := testAPI(t, nil)
			api.known = &reading{done: make(chan struct{}), at: &endpoint{server: server, http: &http.Client{Timeout: time.Second}}}
			close(api.known.done)
			began := time.Now()
			err := Rollout{Admin: api.Admin, API: api}.explain(t.Context(), failedJob(), chart{Release: "smtp", Said: []string{"Error: Kubernetes cluster unreachable"}})
			if !errors.Is(err, APIUnreachable.Failf("")) || !strings.Contains(err.Error(), "why cannot be asked: ask the Kubernetes API: ") || !strings.Contains(err.Error(), "exit-code exited 1") {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
