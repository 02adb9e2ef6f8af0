package assets

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

var payload = []byte(strings.Repeat("wire-server-deploy ", 100_000))

// good serves the payload as a static file server does, with ranges.
func good(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(payload)))
}

// download makes a Download from a server that answers with the handler.
func download(t *testing.T, answer http.HandlerFunc) (Download, *atomic.Int32) {
	t.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return from(t, server.URL+"/thing"), &requests
}

// from is the payload from the URL, into a cache of its own.
func from(t *testing.T, url string) Download {
	base := t.TempDir()
	return Download{
		What: "thing", Name: "thing", URLs: []string{url}, SHA256: sha(payload),
		Cache: Cache{filepath.Join(base, "cache")}, Pins: Pins{filepath.Join(base, "pins")},
	}
}

// left are the files of the cache, locks apart.
func left(t *testing.T, d Download) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(d.Cache.Dir, "*/*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(path string) bool { return strings.HasSuffix(path, ".lock") })
}

// holds demands that the payload is in the cache, and nothing else.
func holds(t *testing.T, d Download) {
	t.Helper()
	path, held := d.Held()
	if content, err := os.ReadFile(path); !held || err != nil || string(content) != string(payload) {
		t.Errorf("held %t: %d bytes, %v", held, len(content), err)
	}
	if files := left(t, d); len(files) != 1 {
		t.Errorf("files: %v, want one", files)
	}
}

func TestFetch(t *testing.T) {
	d, requests := download(t, good)
	if _, held := d.Held(); held {
		t.Error("held before it came")
	}
	for range 2 {
		path, sum, err := d.Fetch(t.Context(), nil)
		if held, _ := d.Held(); err != nil || sum != d.SHA256 || path != held {
			t.Fatalf("got %s at %s, %v", sum, path, err)
		}
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	holds(t, d)
}

// Wire publishes no digests: what came first is what everything later is held to.
func TestFetchHoldsToTheFirstDigest(t *testing.T) {
	content := payload
	d, requests := download(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(content) })
	d.SHA256 = ""
	if _, sum, err := d.Fetch(t.Context(), nil); err != nil || sum != sha(payload) {
		t.Fatalf("got %s, %v", sum, err)
	}
	if err := os.RemoveAll(d.Cache.Dir); err != nil { // as a person does who needs room
		t.Fatal(err)
	}
	content = payload[1:]
	_, _, err := d.Fetch(t.Context(), nil)
	if !errors.Is(err, DigestChanged.Failf("")) || !strings.Contains(err.Error(), sha(payload)) || !strings.Contains(err.Error(), sha(content)) {
		t.Errorf("got %v", err)
	}
	if files := left(t, d); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	d.SHA256 = sha(content) // the user vouches for it
	if _, _, err := d.Fetch(t.Context(), nil); err != nil {
		t.Error(err)
	}
	d.SHA256 = ""
	before := requests.Load()
	if _, sum, err := d.Fetch(t.Context(), nil); err != nil || sum != sha(content) || requests.Load() != before {
		t.Errorf("afterwards: %s, %v", sum, err)
	}
}

func TestFetchFromFile(t *testing.T) {
	source := write(t, filepath.Join(t.TempDir(), "source"), payload)
	d := from(t, "file://"+source)
	if _, _, err := d.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	holds(t, d)
	for name, path := range map[string]string{"missing": source + "x", "directory": filepath.Dir(source)} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := from(t, "file://"+path).Fetch(t.Context(), nil); !errors.Is(err, DownloadFailed.Failf("")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFetchRefusesAnotherDigest(t *testing.T) {
	d, requests := download(t, good)
	d.SHA256 = sha([]byte("another"))
	_, _, err := d.Fetch(t.Context(), nil)
	failures := change.Failures(err)
	if len(failures) != 1 || failures[0].ID != "artifact-digest" || failures[0].Exit != 50 {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(failures[0].Cause, sha(payload)) || !strings.Contains(failures[0].Cause, d.SHA256) {
		t.Errorf("cause %q lacks a digest", failures[0].Cause)
	}
	if files := left(t, d); len(files) > 0 || requests.Load() != 1 {
		t.Errorf("left behind: %v after %d requests", files, requests.Load())
	}
}

// broken breaks off after half of what is asked for, if it honours ranges.
func broken(w http.ResponseWriter, r *http.Request, ranges bool) {
	from := 0
	if ranges && r.Header.Get("If-Range") == `"v1"` {
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(payload)-1, len(payload)))
		}
	}
	rest := payload[from:]
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(rest)))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	if len(rest) > 300_000 {
		rest = rest[:len(rest)/2]
	}
	_, _ = w.Write(rest)
}

func TestFetchSurvives(t *testing.T) {
	var calls atomic.Int32
	first := func(n int32) bool { return calls.Add(1) <= n }
	tests := map[string]http.HandlerFunc{
		"unavailable twice": func(w http.ResponseWriter, r *http.Request) {
			if first(2) {
				http.Error(w, "later", http.StatusServiceUnavailable)
				return
			}
			good(w, r)
		},
		"broken off, goes on": func(w http.ResponseWriter, r *http.Request) { broken(w, r, true) },
		"broken off, begins anew": func(w http.ResponseWriter, r *http.Request) {
			if first(1) {
				broken(w, r, false)
				return
			}
			_, _ = w.Write(payload)
		},
		"another file after the break": func(w http.ResponseWriter, r *http.Request) {
			if first(1) {
				w.Header().Set("ETag", `"old"`)
				w.Header().Set("Content-Length", strconv.Itoa(len(payload)))
				_, _ = w.Write(payload[10 : len(payload)/2])
				return
			}
			good(w, r)
		},
		"falls silent once": func(w http.ResponseWriter, r *http.Request) {
			if first(1) {
				w.Header().Set("Content-Length", strconv.Itoa(len(payload)))
				_, _ = w.Write(payload[:1000])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			good(w, r)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/thing" {
				http.Redirect(w, r, "/moved", http.StatusFound)
				return
			}
			good(w, r)
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			d, _ := download(t, answer)
			d.Patience = 2 * time.Second
			if _, _, err := d.Fetch(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			holds(t, d)
		})
	}
}

func TestFetchGivesUp(t *testing.T) {
	answer := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		once   bool // no second request, as it would be of no use
		says   string
		some   bool // what came is left for the next run
	}{
		"not found":  {answer(404), true, "404", false},
		"forbidden":  {answer(403), true, "403", false},
		"no content": {answer(204), true, "204", false},
		"not a range that was asked for": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(206)
		}, true, "not asked for", false},
		"redirect loop":   {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/thing", http.StatusFound) }, false, "redirects", false},
		"always 500":      {answer(500), false, "got no further for 300ms", false},
		"breaks early":    {func(w http.ResponseWriter, r *http.Request) { broken(w, r, false) }, false, "got no further", true},
		"silent for good": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, "stopped sending", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, requests := download(t, test.answer)
			if !test.once {
				d.Patience = 300 * time.Millisecond
			}
			_, _, err := d.Fetch(t.Context(), nil)
			if !errors.Is(err, DownloadFailed.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want download-failed that says %q", err, test.says)
			}
			if test.once && requests.Load() != 1 {
				t.Errorf("%d requests, want 1", requests.Load())
			}
			if files := left(t, d); !test.some && len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func TestFetchRefusesBadCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(good))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are meant
	server.StartTLS()
	defer server.Close()
	d := from(t, server.URL)
	began := time.Now()
	if _, _, err := d.Fetch(t.Context(), nil); !errors.Is(err, DownloadFailed.Failf("")) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > 5*time.Second {
		t.Error("it was tried again and again")
	}
}

func TestFetchHidesSecrets(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refused": http.NotFound,
		"in the error of the client": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "ftp://user:hunter2@elsewhere/x?Signature=hunter3", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := download(t, answer)
			d.URLs[0] = strings.Replace(d.URLs[0], "http://", "http://user:hunter2@", 1) + "?Signature=hunter3"
			_, _, err := d.Fetch(t.Context(), nil)
			if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(d.Source(), "hunter") {
				t.Errorf("from %s: %v", d.Source(), err)
			}
		})
	}
}

func TestMeter(t *testing.T) {
	tests := map[string]struct {
		meter meter
		have  int64
		rate  float64
		want  string
	}{
		"known size":   {meter{what: "x", total: 3 << 30}, 1 << 30, 100 << 20, "x: 1.0 GiB of 3.0 GiB, 100.0 MiB/s, 20s left"},
		"unknown size": {meter{what: "x"}, 1536, 512, "x: 1.5 KiB, 512 B/s"},
		"no rate":      {meter{what: "x", total: 10}, 0, 0, "x: 0 B of 10 B, 0 B/s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.meter.line(test.have, test.rate); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMeterSaysAboutEachSecond(t *testing.T) {
	var lines []string
	m := meter{what: "x", say: func(line string) { lines = append(lines, line) }}
	for i := range int64(1000) {
		m.at(i)
	}
	m.said = m.said.Add(-2 * time.Second)
	m.at(2000)
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "x: 2.0 KiB, ") {
		t.Errorf("got %q", lines)
	}
}
