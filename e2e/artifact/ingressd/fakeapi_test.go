package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

// watched are the collections that ingressd may ask for, with the selectors it
// must give: of fields and of labels.
var watched = map[string][2]string{
	"/apis/networking.k8s.io/v1/ingresses": {},
	"/api/v1/secrets":                      {"type=kubernetes.io/tls", ""},
	"/api/v1/configmaps":                   {"metadata.name!=kube-root-ca.crt", ""},
	"/api/v1/services":                     {},
	"/apis/apps/v1/deployments":            {},
	"/api/v1/pods":                         {"", "acme.cert-manager.io/http01-solver=true"},
}

// fakeAPI plays list and watch of the Kubernetes API, and fails the test on
// anything else.
type fakeAPI struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	version int
	oldest  int // watches from before get 410 Gone
	objects map[string]map[string]map[string]any
	events  []event
	lists   map[string]int
	news    chan struct{} // closed at the next event
}

type event struct {
	version int
	path    string
	Type    string `json:"type"`
	Object  any    `json:"object"`
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{t: t, version: 1, objects: map[string]map[string]map[string]any{}, lists: map[string]int{}, news: make(chan struct{})}
	f.server = httptest.NewUnstartedServer(f)
	f.server.EnableHTTP2 = true
	f.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.server.StartTLS()
	t.Cleanup(func() {
		f.server.CloseClientConnections()
		f.server.Close()
	})
	return f
}

// kubeconfig writes the file by which the API is reached.
func (f *fakeAPI) kubeconfig() string {
	f.t.Helper()
	crt, key := pair(f.t, "admin")
	text, err := yaml.Marshal(map[string]any{
		"clusters": []any{map[string]any{"cluster": map[string]any{
			"server":                     f.server.URL,
			"certificate-authority-data": base64PEM("CERTIFICATE", f.server.Certificate().Raw),
		}}},
		"users": []any{map[string]any{"user": map[string]any{
			"client-certificate-data": base64Text(crt), "client-key-data": base64Text(key),
		}}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	path := filepath.Join(f.t.TempDir(), "ingressd.conf")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// put creates or replaces an object, given as JSON.
func (f *fakeAPI) put(path, text string) {
	f.t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		f.t.Fatalf("%v in %s", err, text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	meta := object["metadata"].(map[string]any)
	meta["namespace"] = "default"
	f.change("MODIFIED", path, meta["name"].(string), object)
}

// remove deletes an object.
func (f *fakeAPI) remove(path, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change("DELETED", path, name, f.objects[path][name])
}

func (f *fakeAPI) change(kind, path, name string, object map[string]any) {
	f.version++
	object["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(f.version)
	if f.objects[path] == nil {
		f.objects[path] = map[string]map[string]any{}
	}
	f.objects[path][name] = object
	if kind == "DELETED" {
		delete(f.objects[path], name)
	}
	f.events = append(f.events, event{version: f.version, path: path, Type: kind, Object: object})
	f.wake()
}

func (f *fakeAPI) wake() {
	close(f.news)
	f.news = make(chan struct{})
}

// forget makes the API refuse, by 410, every version before now.
func (f *fakeAPI) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	f.oldest = f.version
	f.wake()
}

func (f *fakeAPI) listed(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lists[path]
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	selector, ok := watched[r.URL.Path]
	query := r.URL.Query()
	if !ok || r.Method != http.MethodGet || [2]string{query.Get("fieldSelector"), query.Get("labelSelector")} != selector {
		f.t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	if query.Get("watch") != "1" {
		f.list(w, r)
		return
	}
	from, err := strconv.Atoi(query.Get("resourceVersion"))
	if err != nil {
		f.t.Errorf("a watch from no version: %s", r.URL)
	}
	f.watch(w, r, from)
}

func (f *fakeAPI) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists[r.URL.Path]++
	items := []any{}
	for _, o := range f.objects[r.URL.Path] {
		items = append(items, o)
	}
	json.NewEncoder(w).Encode(map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(f.version)}, "items": items})
}

func (f *fakeAPI) watch(w http.ResponseWriter, r *http.Request, from int) {
	to := json.NewEncoder(w)
	for {
		f.mu.Lock()
		if from < f.oldest {
			to.Encode(event{Type: "ERROR", Object: map[string]any{"kind": "Status", "code": http.StatusGone, "message": "too old"}})
			f.mu.Unlock()
			return
		}
		for _, e := range f.events {
			if e.path == r.URL.Path && e.version > from {
				to.Encode(e)
			}
		}
		from = f.version
		to.Encode(event{Type: "BOOKMARK", Object: map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(from)}}})
		news := f.news
		f.mu.Unlock()
		w.(http.Flusher).Flush()
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}

func base64PEM(kind string, der []byte) string {
	return base64Text(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func base64Text(text []byte) string {
	encoded, err := json.Marshal(text) // bytes in JSON are base64
	if err != nil {
		panic(err)
	}
	return string(encoded[1 : len(encoded)-1])
}

// ingressJSON is an Ingress of class nginx with one rule per host and service.
func ingressJSON(name, secretName string, annotations map[string]string, rules ...[2]string) string {
	var hosts, list []any
	for _, r := range rules {
		hosts = append(hosts, r[0])
		list = append(list, map[string]any{"host": r[0], "http": map[string]any{"paths": []any{map[string]any{
			"path": "/", "pathType": "Prefix", "backend": map[string]any{"service": map[string]any{"name": r[1]}},
		}}}})
	}
	spec := map[string]any{"ingressClassName": "nginx", "rules": list}
	if secretName != "" {
		spec["tls"] = []any{map[string]any{"hosts": hosts, "secretName": secretName}}
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"name": name, "annotations": annotations}, "spec": spec})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func secretJSON(name string, crt, key []byte) string {
	return fmt.Sprintf(`{"metadata": {"name": %q}, "type": "kubernetes.io/tls", "data": {"tls.crt": %q, "tls.key": %q}}`,
		name, base64Text(crt), base64Text(key))
}
