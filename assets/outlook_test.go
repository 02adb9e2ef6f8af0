package assets

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// gives is a server of a file of that size, of which nothing is sent.
func gives(t *testing.T, size string) string {
	t.Helper()
	return serves(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", size)
		w.WriteHeader(http.StatusOK)
	})
}

func serves(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL + "/a.tgz"
}

func TestCheckSource(t *testing.T) {
	const little, much = "1000", "9000000000000000000" // bytes
	gone := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	busy := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	for _, tc := range []struct {
		name     string
		urls     []string
		kind     change.Kind // none: all is well
		severity change.Severity
		says     string
	}{
		{name: "it is there", urls: []string{gives(t, little)}},
		{name: "a mirror has it", urls: []string{serves(t, gone), gives(t, little)}},
		{name: "nobody has it", urls: []string{serves(t, gone), serves(t, gone)}, kind: DownloadFailed, severity: change.Fatal, says: "the artifact cannot be had: http"},
		{name: "one may have it later", urls: []string{serves(t, gone), serves(t, busy)}, kind: DownloadFailed, severity: change.Serious, says: "503 Service Unavailable"},
		{name: "the first may have it later", urls: []string{serves(t, busy), serves(t, gone)}, kind: DownloadFailed, severity: change.Serious, says: "503 Service Unavailable"},
		{name: "a file that is not there", urls: []string{"file:///nowhere/a.tgz"}, kind: DownloadFailed, severity: change.Fatal, says: "file:///nowhere/a.tgz"},
		{name: "it does not fit", urls: []string{gives(t, much)}, kind: NoSpace, severity: change.Fatal, says: "what is to come of the artifact (8185452.3 TiB) and the artifact, unpacked (8185452.3 TiB)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			a := Artifact{Spec: Spec{Hash: strings.Repeat("a", 40), URL: tc.urls[0], Mirrors: tc.urls[1:]}, Home: filepath.Join(dir, "home", "wire"),
				Store: Store{Cache: filepath.Join(dir, "cache"), Pins: Pins{Dir: filepath.Join(dir, "pins")}}}
			err := a.CheckSource(t.Context())
			if tc.kind.ID == "" {
				if err != nil {
					t.Errorf("found %v", err)
				}
				return
			}
			if !errors.Is(err, tc.kind.Failf("")) || change.SeverityOf(err) != tc.severity || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("found %v (%s), want a %s of kind %s that says %q", err, change.SeverityOf(err), tc.severity, tc.kind.ID, tc.says)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 0 {
				t.Errorf("it made %v", entries)
			}
		})
	}
}

// TestCheckSourceHidesPasswords and ends with its context.
func TestCheckSourceHidesPasswords(t *testing.T) {
	hangs := serves(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	hangs = strings.Replace(hangs, "http://", "http://ops:secret@", 1) + "?token=secret"
	d := Download{What: "artifact", Name: "artifact.tgz", URLs: []string{hangs}}
	late := errors.New("no answer in time")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, late)
	defer cancel()
	_, err := d.reach(ctx)
	found := change.Failures(err)
	if len(found) != 1 || change.SeverityOf(err) != change.Serious || !strings.HasSuffix(found[0].Cause, late.Error()) || strings.Contains(found[0].Cause+found[0].Remedy, "secret") {
		t.Errorf("found %v, %v", err, found)
	}
}

func TestRoomFor(t *testing.T) {
	dir := t.TempDir()
	left, err := room(dir)
	if err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "not", "made")
	if err := roomFor(share{dir, left / 4, "a"}, share{below, left / 4, "b"}); err != nil {
		t.Errorf("half of what is free: %v", err)
	}
	// Each fits by itself.
	err = roomFor(share{dir, left / 4 * 3, "a"}, share{below, left / 4 * 3, "b"})
	if found := change.Failures(err); len(found) != 1 || found[0].ID != NoSpace.ID || !strings.Contains(found[0].Cause, " a (") || !strings.Contains(found[0].Cause, " and b (") {
		t.Errorf("one and a half of what is free: %v", err)
	}
}

// TestCheckSourceCounts what an earlier run left, and asks nobody once the artifact is unpacked.
func TestCheckSourceCounts(t *testing.T) {
	const size, came = 1 << 50, 2 << 40 // 1 PiB, of which 2 TiB are there, in a file without content
	dir := t.TempDir()
	a := Artifact{Spec: Spec{Hash: strings.Repeat("a", 40), URL: gives(t, strconv.Itoa(size))}, Home: dir, Store: Store{Cache: filepath.Join(dir, "cache"), Pins: Pins{Dir: dir}}}
	d := a.Download()
	if err := d.Cache.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(d.Cache.part(d.Name), nil, 0o600), os.Truncate(d.Cache.part(d.Name), came)); err != nil {
		t.Fatal(err)
	}
	if err := a.CheckSource(t.Context()); err == nil || !strings.Contains(err.Error(), "what is to come of the artifact (1022.0 TiB)") {
		t.Errorf("found %v", err)
	}
	if err := errors.Join(os.Mkdir(a.Dir(), 0o755), mark(a.Dir(), a.Spec.Hash, strings.Repeat("0", 64))); err != nil {
		t.Fatal(err)
	}
	if err := a.CheckSource(t.Context()); err != nil {
		t.Errorf("an unpacked one: %v", err)
	}
}

// TestCheckSourceOfTheImage asks for it unless it is in the cache.
func TestCheckSourceOfTheImage(t *testing.T) {
	gone := serves(t, http.NotFound)
	for _, tc := range []struct {
		name, url string
		held      bool
		kind      change.Kind // none: all is well
		says      string
	}{
		{"it is there", gives(t, "1000"), false, change.Kind{}, ""},
		{"nobody has it", gone, false, DownloadFailed, "the base image cannot be had: http"},
		{"it is in the cache", gone, true, change.Kind{}, ""},
		{"it does not fit", gives(t, "9000000000000000000"), false, NoSpace, "what is to come of the base image (8185452.3 TiB) and the base image (8185452.3 TiB)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			b := BaseImage{URL: tc.url, SHA256: sha(payload), Images: filepath.Join(dir, "images"), Store: Store{Cache: filepath.Join(dir, "cache"), Pins: Pins{Dir: filepath.Join(dir, "pins")}}}
			if tc.held {
				must(t, b.Store.Held().prepare())
				write(t, b.Store.Held().file(sha(payload)), payload)
			}
			err := b.CheckSource(t.Context())
			if tc.says == "" && err != nil || tc.says != "" && (!errors.Is(err, tc.kind.Failf("")) || !strings.Contains(err.Error(), tc.says)) {
				t.Errorf("found %v, want %q", err, tc.says)
			}
		})
	}
}
