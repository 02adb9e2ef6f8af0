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
	return Download{
		What: "thing", URL: server.URL + "/thing", SHA256: sha(payload),
		Path: filepath.Join(t.TempDir(), "cache", "thing"), Patience: 300 * time.Millisecond,
	}, &requests
}

// left are the files beside the download.
func left(t *testing.T, d Download) []string {
	t.Helper()
	found, err := filepath.Glob(d.Path + "*")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFetch(t *testing.T) {
	d, requests := download(t, good)
	if d.Held() {
		t.Error("held before it came")
	}
	for range 2 {
		sum, err := d.Fetch(t.Context(), nil)
		if err != nil || sum != d.SHA256 {
			t.Fatalf("got %s, %v", sum, err)
		}
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if content, err := os.ReadFile(d.Path); err != nil || string(content) != string(payload) {
		t.Errorf("got %d bytes, %v", len(content), err)
	}
	if files := left(t, d); len(files) != 2 {
		t.Errorf("files: %v, want it and its digest", files)
	}
}

func TestFetchWithoutDigestRecordsOne(t *testing.T) {
	d, _ := download(t, good)
	d.SHA256 = ""
	sum, err := d.Fetch(t.Context(), nil)
	if err != nil || sum != sha(payload) {
		t.Fatalf("got %s, %v", sum, err)
	}
	d.SHA256 = sha([]byte("another"))
	if d.Held() {
		t.Error("held with another digest")
	}
}

func TestFetchFromFile(t *testing.T) {
	source := write(t, filepath.Join(t.TempDir(), "source"), payload)
	d := Download{What: "thing", URL: "file://" + source, SHA256: sha(payload), Path: filepath.Join(t.TempDir(), "thing")}
	if _, err := d.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"missing": source + "x", "directory": filepath.Dir(source)} {
		t.Run(name, func(t *testing.T) {
			d := Download{What: "thing", URL: "file://" + path, Path: filepath.Join(t.TempDir(), "thing")}
			if _, err := d.Fetch(t.Context(), nil); !errors.Is(err, DownloadFailed.Failf("")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFetchRefusesAnotherDigest(t *testing.T) {
	d, _ := download(t, good)
	d.SHA256 = sha([]byte("another"))
	_, err := d.Fetch(t.Context(), nil)
	failures := change.Failures(err)
	if len(failures) != 1 || failures[0].ID != "artifact-digest" || failures[0].Exit != 50 {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(failures[0].Cause, sha(payload)) || !strings.Contains(failures[0].Cause, d.SHA256) {
		t.Errorf("cause %q lacks a digest", failures[0].Cause)
	}
	if files := left(t, d); files != nil || d.Held() {
		t.Errorf("left behind: %v", files)
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
			if _, err := d.Fetch(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if content, err := os.ReadFile(d.Path); err != nil || string(content) != string(payload) {
				t.Errorf("got %d bytes, %v", len(content), err)
			}
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
	}{
		"not found":  {answer(404), true, "404"},
		"forbidden":  {answer(403), true, "403"},
		"no content": {answer(204), true, "204"},
		"not a range that was asked for": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(206)
		}, true, "not asked for"},
		"redirect loop":   {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/thing", http.StatusFound) }, false, "redirects"},
		"always 500":      {answer(500), false, "got no further for 300ms"},
		"breaks early":    {func(w http.ResponseWriter, r *http.Request) { broken(w, r, false) }, false, "got no further"},
		"silent for good": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, "stopped sending"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, requests := download(t, test.answer)
			_, err := d.Fetch(t.Context(), nil)
			if !errors.Is(err, DownloadFailed.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want download-failed that says %q", err, test.says)
			}
			if test.once && requests.Load() != 1 {
				t.Errorf("%d requests, want 1", requests.Load())
			}
			if files := left(t, d); files != nil {
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
	d := Download{What: "thing", URL: server.URL, Path: filepath.Join(t.TempDir(), "thing")}
	began := time.Now()
	if _, err := d.Fetch(t.Context(), nil); !errors.Is(err, DownloadFailed.Failf("")) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > 5*time.Second {
		t.Error("it was tried again and again")
	}
}

func TestFetchHidesPasswords(t *testing.T) {
	d, _ := download(t, http.NotFound)
	d.URL = strings.Replace(d.URL, "http://", "http://user:hunter2@", 1)
	if _, err := d.Fetch(t.Context(), nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestFetchDoesNotTakeAnUnrecordedFile(t *testing.T) {
	d, requests := download(t, good)
	write(t, d.Path, []byte("half"))
	if d.Held() {
		t.Error("held without a record")
	}
	if _, err := d.Fetch(t.Context(), nil); err != nil || requests.Load() != 1 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
	if err := d.Forget(); err != nil || d.Held() {
		t.Errorf("forget: %v, held %t", err, d.Held())
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
