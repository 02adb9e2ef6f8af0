package registry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// strictKeeper answers as the keeper does, and fails on what that does not know.
func strictKeeper(t *testing.T, id string) *keeper {
	var held []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/registry":
			http.NotFound(w, r)
		case r.Header.Get("Authorization") != "Bearer one":
			http.Error(w, "this is another cluster's", http.StatusForbidden)
		case r.Method == http.MethodPut:
			if r.Header.Get("If-Match") != `"`+generation(held)+`"` {
				http.Error(w, "another generation lies here", http.StatusPreconditionFailed)
				return
			}
			held, _ = io.ReadAll(r.Body)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			w.Header().Set("ETag", `"`+generation(held)+`"`)
			w.Write(held)
		default:
			http.Error(w, r.Method, http.StatusMethodNotAllowed)
		}
	}))
	t.Cleanup(server.Close)
	k := newKeeper("192.0.2.1", id)
	if k.url != "http://192.0.2.1:2379/registry" {
		t.Errorf("the keeper is looked for at %s", k.url)
	}
	k.url = server.URL + "/registry"
	return k
}

func TestKeeper(t *testing.T) {
	k := strictKeeper(t, "one")
	if got, err := k.generation(t.Context()); err != nil || got != generation(nil) {
		t.Errorf("an empty keeper shows %s (%v)", got, err)
	}
	if err := k.put(t.Context(), []byte("dump"), generation(nil)); err != nil {
		t.Error(err)
	}
	if got, err := k.generation(t.Context()); err != nil || got != generation([]byte("dump")) {
		t.Errorf("it shows %s (%v)", got, err)
	}
	if got, err := k.get(t.Context()); err != nil || string(got) != "dump" {
		t.Errorf("it holds %q (%v)", got, err)
	}
	if err := k.put(t.Context(), []byte("other"), generation(nil)); err == nil || !strings.Contains(err.Error(), "412") {
		t.Errorf("another generation was replaced: %v", err)
	}
}

func TestKeeperOfAnotherCluster(t *testing.T) {
	k := strictKeeper(t, "other")
	if _, err := k.generation(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another cluster's keeper is taken: %v", err)
	}
}
