package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const nothing = `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"` // SHA-256 of nothing

// ask sends one request to a keeper of the file in the cluster "one".
func ask(t *testing.T, file, id, method, path, over, content string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := openShelf(file)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(content))
	req.Header.Set("Authorization", "Bearer "+id)
	if over != "" {
		req.Header.Set("If-Match", over)
	}
	rec := httptest.NewRecorder()
	handler(s, "one").ServeHTTP(rec, req)
	return rec
}

// TestKeeps uses a new keeper for each request: what it said is on the disk.
func TestKeeps(t *testing.T) {
	file := filepath.Join(t.TempDir(), "etcd", "registry")
	empty := ask(t, file, "one", "GET", "/registry", "", "")
	if empty.Code != http.StatusOK || empty.Header().Get("ETag") != nothing || empty.Body.Len() != 0 {
		t.Errorf("a new keeper: %d %s %s", empty.Code, empty.Header(), empty.Body)
	}
	if put := ask(t, file, "one", "PUT", "/registry", nothing, "first"); put.Code != http.StatusOK {
		t.Errorf("put: %d %s", put.Code, put.Body)
	}
	first := ask(t, file, "one", "GET", "/registry", "", "")
	if first.Body.String() != "first" || first.Header().Get("ETag") == nothing {
		t.Errorf("kept: %s %s", first.Header(), first.Body)
	}
	if put := ask(t, file, "one", "PUT", "/registry", nothing, "late"); put.Code != http.StatusPreconditionFailed {
		t.Errorf("a put over another generation: %d %s", put.Code, put.Body)
	}
	if put := ask(t, file, "one", "PUT", "/registry", first.Header().Get("ETag"), "second"); put.Code != http.StatusOK {
		t.Errorf("put: %d %s", put.Code, put.Body)
	}
	if got := ask(t, file, "one", "GET", "/registry", "", "").Body.String(); got != "second" {
		t.Errorf("kept: %s", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file's mode: %v (%v)", info.Mode(), err)
	}
}

func TestRefuses(t *testing.T) {
	cases := map[string]struct {
		id, method, path, over string
		status                 int
	}{
		"another cluster":            {"two", "GET", "/registry", "", http.StatusForbidden},
		"nobody":                     {"", "PUT", "/registry", nothing, http.StatusForbidden},
		"elsewhere":                  {"one", "GET", "/v3/kv/range", "", http.StatusNotFound},
		"another method":             {"one", "DELETE", "/registry", "", http.StatusMethodNotAllowed},
		"a put over nothing named":   {"one", "PUT", "/registry", "", http.StatusPreconditionRequired},
		"a put over anything":        {"one", "PUT", "/registry", "*", http.StatusPreconditionRequired},
		"a put over something other": {"one", "PUT", "/registry", `"x"`, http.StatusPreconditionFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "registry")
			if got := ask(t, file, c.id, c.method, c.path, c.over, "content"); got.Code != c.status {
				t.Errorf("status %d, want %d: %s", got.Code, c.status, got.Body)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestRunWithoutIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), file, filepath.Join(t.TempDir(), "registry"), "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("a keeper that anybody may use: %v", err)
	}
}
