package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"wiabctl/provision/change"
)

// countedAPI is an API, and how often its kubeconfig was read.
func countedAPI(t *testing.T) (*API, func() int) {
	t.Helper()
	api := testAPI(t, map[string]any{"/api/v1/namespaces/default": map[string]any{}})
	counted := api.Admin.Dir + "/counted"
	writeProgram(t, api.Admin.Dir+"/bin/sudo", "echo >>"+counted+"; exec \"$@\"\n")
	return api, func() int {
		content, err := os.ReadFile(counted)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return len(content)
	}
}

func TestKubeconfigIsReadOnce(t *testing.T) {
	api, reads := countedAPI(t)
	impatient, leave := context.WithCancel(t.Context())
	leave()
	if err := api.answers(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("who asks in vain: %v", err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := errors.Join(api.Find(t.Context()), api.answers(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := api.get(t.Context(), "/nothing", nil, nil); !errors.Is(err, errNotFound) {
		t.Errorf("what is not there: %v", err)
	}
	if err := api.answers(t.Context()); err != nil || reads() != 1 {
		t.Errorf("%d readings of the kubeconfig (%v)", reads(), err)
	}
}

func TestKubeconfigOfAnotherCluster(t *testing.T) {
	api, reads := countedAPI(t)
	if err := api.answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	installKubeconfig(t, api.Admin, server)
	api.anew()
	for n, say := range []string{"who are you?", "who are you?", "ask the Kubernetes API"} {
		if n == 2 {
			server.Close()
		}
		if err := api.answers(t.Context()); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("question %d: %v", n, err)
		}
		if want := n + 2; reads() != want {
			t.Errorf("question %d: %d readings, want %d", n, reads(), want)
		}
	}
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer server.Close()
	installKubeconfig(t, api.Admin, server)
	if err := api.answers(t.Context()); err != nil {
		t.Errorf("after an answer that was none: %v", err)
	}
}

// What led nowhere is not believed either.
func TestKubeconfigComes(t *testing.T) {
	api, _ := countedAPI(t)
	file := api.Admin.path(adminConf)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "clusters: [", string(whole)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err = api.Find(t.Context())
		if is := errors.Is(err, change.ErrNotInstalled); is != (content == "") {
			t.Errorf("%q: %v", content, err)
		}
	}
	if err != nil {
		t.Errorf("when it is whole: %v", err)
	}
}

// The stage whose script leaves the kubeconfig sees that it is gone, whatever was read before.
func TestOfflineLooksAnew(t *testing.T) {
	o, a := newOffline(t)
	bring(t, a, func() ([]change.Change, error) { return o.Plan(t.Context()) })
	if err := os.Remove(o.Admin.path(adminConf)); err != nil {
		t.Fatal(err)
	}
	changes, err := o.Plan(t.Context())
	if err != nil || len(changes) != 1 || changes[0].Reason != "its kubeconfig is gone" {
		t.Errorf("wants %v (%v)", changes, err)
	}
	if err := o.API.Find(t.Context()); !errors.Is(err, change.ErrNotInstalled) {
		t.Errorf("who asks after it: %v", err)
	}
}
