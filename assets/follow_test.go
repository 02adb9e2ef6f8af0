package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/provision/change"
)

// reads is a Use that keeps what it reads, of the last time that it began.
func reads(into *bytes.Buffer) Use {
	return func(_ context.Context, file io.Reader, _ func() int64) error {
		into.Reset()
		_, err := into.ReadFrom(file)
		return err
	}
}

// What is read while it comes is the file, whatever the server does meanwhile.
func TestFollow(t *testing.T) {
	var calls atomic.Int32
	first := func() bool { return calls.Add(1) == 1 }
	other := append([]byte("another beginning "), payload...)
	tests := map[string]struct {
		answer http.HandlerFunc
		want   []byte
		times  int // that the file is read
	}{
		"at once":           {good, payload, 1},
		"broken off often":  {func(w http.ResponseWriter, r *http.Request) { broken(w, r, true) }, payload, 1},
		"begins anew alike": {func(w http.ResponseWriter, r *http.Request) { broken(w, r, !first()) }, payload, 1},
		"ignores ranges": {func(w http.ResponseWriter, r *http.Request) {
			if first() {
				broken(w, r, false)
				return
			}
			_, _ = w.Write(payload)
		}, payload, 1},
		"another file after the break": {func(w http.ResponseWriter, r *http.Request) {
			if first() {
				broken(w, r, false)
				return
			}
			_, _ = w.Write(other)
		}, other, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			d, _ := download(t, test.answer)
			d.SHA256, d.Patience = sha(test.want), 2*time.Second
			var got bytes.Buffer
			times := 0
			use := func(ctx context.Context, file io.Reader, total func() int64) error {
				times++
				begun := make([]byte, 1)
				if _, err := io.ReadFull(file, begun); err != nil { // so it reads before the break
					return err
				}
				return reads(&got)(ctx, io.MultiReader(bytes.NewReader(begun), file), total)
			}
			sum, err := d.Follow(t.Context(), nil, use)
			if err != nil || sum != sha(test.want) || !bytes.Equal(got.Bytes(), test.want) {
				t.Errorf("got %s and %d bytes, %v", sum, got.Len(), err)
			}
			if times > test.times {
				t.Errorf("it was read %d times, want %d", times, test.times)
			}
		})
	}
}

// A file that is in the cache is read from there, and verified once more.
func TestFollowReadsTheCache(t *testing.T) {
	d, requests := download(t, good)
	var got bytes.Buffer
	for range 2 {
		if _, err := d.Follow(t.Context(), nil, reads(&got)); err != nil || !bytes.Equal(got.Bytes(), payload) {
			t.Fatalf("got %d bytes, %v", got.Len(), err)
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}
	path, _ := d.Held()
	if err := os.WriteFile(path, payload[1:], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Follow(t.Context(), nil, reads(&got)); !errors.Is(err, ArtifactCorrupt.Failf("")) {
		t.Errorf("altered: got %v", err)
	}
	if _, held := d.Held(); held {
		t.Error("what was altered is still held")
	}
	// What was altered here says nothing of what the publisher has: the digest stays binding.
	d.SHA256 = ""
	if known, err := d.Pins.get(d.Name); err != nil || known == nil || known.SHA256 != sha(payload) {
		t.Errorf("the digest of the first file: %+v, %v", known, err)
	}
}

// A file that came spoiled, and was kept before anybody used it, is forgotten whole.
func TestFollowForgetsWhatCameSpoiled(t *testing.T) {
	d, requests := download(t, good)
	d.SHA256 = ""
	if _, _, err := d.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	spoilt := func(context.Context, io.Reader, func() int64) error { return ArtifactCorrupt.Failf("x") }
	if _, err := d.Follow(t.Context(), nil, spoilt); !errors.Is(err, ArtifactCorrupt.Failf("")) {
		t.Errorf("got %v", err)
	}
	if known, err := d.Pins.get(d.Name); known != nil || err != nil || requests.Load() != 1 {
		t.Errorf("still known: %+v, %v", known, err)
	}
}

// What the use of a file thinks of it decides what stays.
func TestFollowWhereTheUseFails(t *testing.T) {
	tests := map[string]struct {
		fails error
		kept  bool
	}{
		"corrupt":  {ArtifactCorrupt.Failf("x"), false},
		"unsafe":   {ArtifactUnsafe.Failf("x"), true},
		"no space": {NoSpace.Failf("x"), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, _ := download(t, good)
			d.SHA256 = ""
			_, err := d.Follow(t.Context(), nil, func(ctx context.Context, file io.Reader, _ func() int64) error {
				if _, err := io.Copy(io.Discard, file); err != nil {
					return err
				}
				return test.fails
			})
			if !errors.Is(err, test.fails) {
				t.Errorf("got %v", err)
			}
			if _, held := d.Held(); held != test.kept {
				t.Errorf("held %t, want %t", held, test.kept)
			}
		})
	}
}

// An interruption anywhere costs nothing that came before it.
func TestFetchGoesOnInTheNextRun(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 8<<20)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	var asked atomic.Int64 // the first byte that was asked for last
	d, _ := download(t, func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"), 10, 64)
		asked.Store(first)
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	d.SHA256, d.Patience = sha(content), time.Minute
	came := int64(0)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		until := random.Int64N(int64(len(content)))
		seen := int64(0)
		asked.Store(int64(len(content))) // where nobody is asked, all is there
		_, err := d.Follow(ctx, nil, func(_ context.Context, file io.Reader, _ func() int64) error {
			n, err := io.CopyN(io.Discard, file, until)
			seen = n
			cancel()
			return errors.Join(err, context.Canceled)
		})
		if err == nil || seen == 0 {
			t.Fatalf("not interrupted: %v", err)
		}
		if asked.Load() < came {
			t.Errorf("asked for byte %d, %d had come", asked.Load(), came)
		}
		came = max(came, seen)
	}
	var got bytes.Buffer
	if _, err := d.Follow(t.Context(), nil, reads(&got)); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("got %d bytes, %v", got.Len(), err)
	}
}

// TestDownloadIsLeft stops in the middle of a download, gently: it is left at once, which is no failure of the download's.
func TestDownloadIsLeft(t *testing.T) {
	asked := errors.New("somebody pressed Ctrl-C")
	gentle, stop := change.Gently(t.Context())
	work, done := change.Finishing(gentle)
	defer done()
	d, _ := download(t, func(w http.ResponseWriter, r *http.Request) {
		stop(asked)
		<-r.Context().Done()
	})
	d.Patience = time.Minute
	_, err := d.Follow(work, nil, nil)
	if !errors.Is(err, asked) || len(change.Failures(err)) > 0 || work.Err() != nil {
		t.Errorf("a download that is left ends with %v", err)
	}
	d.URLs[0] += ".sha256"
	if _, err := readURL(work, d.URLs[0], 100, nil); !errors.Is(err, asked) || len(change.Failures(err)) > 0 {
		t.Errorf("a small file that is left ends with %v", err)
	}
}

// resumed is a download of which an earlier run left these bytes.
func resumed(t *testing.T, d Download, part []byte, validator string) {
	t.Helper()
	write(t, d.Cache.part(d.Name), part)
	if err := (note{URL: digest(d.URLs[0]), Validator: validator, Total: int64(len(payload))}).write(d.Cache.note(d.Name)); err != nil {
		t.Fatal(err)
	}
}

func TestFetchTakesUpAnEarlierRun(t *testing.T) {
	half := len(payload) / 2
	spoiled := append([]byte("spoilt"), payload[6:half]...)
	tests := map[string]struct {
		part      []byte
		validator string
		unknown   bool   // no digest is known
		ranges    string // the Range of the first request
		requests  int32
	}{
		"half":                               {part: payload[:half], validator: `"v1"`, ranges: fmt.Sprintf("bytes=%d-", half), requests: 1},
		"half, of another file":              {part: spoiled, validator: `"v0"`, ranges: fmt.Sprintf("bytes=%d-", half), requests: 1},
		"half, nothing known of the file":    {part: payload[:half], unknown: true, ranges: "", requests: 1},
		"half, but the digest will tell":     {part: payload[:half], ranges: fmt.Sprintf("bytes=%d-", half), requests: 1},
		"spoiled without the server's doing": {part: spoiled, validator: `"v1"`, ranges: fmt.Sprintf("bytes=%d-", half), requests: 2},
		"all":                                {part: payload, validator: `"v1"`, ranges: "", requests: 0},
		"more than all":                      {part: append(bytes.Clone(payload), "more"...), validator: `"v1"`, ranges: fmt.Sprintf("bytes=%d-", len(payload)+4), requests: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var ranges atomic.Value
			d, requests := download(t, func(w http.ResponseWriter, r *http.Request) {
				ranges.CompareAndSwap(nil, r.Header.Get("Range"))
				good(w, r)
			})
			if test.unknown {
				d.SHA256 = ""
			}
			resumed(t, d, test.part, test.validator)
			if _, sum, err := d.Fetch(t.Context(), nil); err != nil || sum != sha(payload) {
				t.Fatalf("got %s, %v", sum, err)
			}
			holds(t, d)
			if got := ranges.Load(); requests.Load() != test.requests || test.requests > 0 && got != test.ranges {
				t.Errorf("%d requests, the first for %q; want %d for %q", requests.Load(), got, test.requests, test.ranges)
			}
		})
	}
}

func TestFetchFromMirrors(t *testing.T) {
	lost, lostRequests := download(t, http.NotFound)
	weak, _ := download(t, func(w http.ResponseWriter, r *http.Request) { broken(w, r, true) })
	other, _ := download(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(payload)))
		_, _ = w.Write(bytes.ToUpper(payload))
	})
	right, _ := download(t, good)
	tests := map[string]struct {
		urls []string
		want error
	}{
		"the first is lost":             {[]string{lost.URLs[0], right.URLs[0]}, nil},
		"the first breaks off":          {[]string{weak.URLs[0], right.URLs[0]}, nil},
		"the first gives another file":  {[]string{other.URLs[0], right.URLs[0]}, nil},
		"the second gives another file": {[]string{weak.URLs[0], other.URLs[0], right.URLs[0]}, nil},
		"all are lost":                  {[]string{lost.URLs[0], lost.URLs[0] + "2"}, DownloadFailed.Failf("")},
		"all give another file":         {[]string{other.URLs[0], other.URLs[0]}, ArtifactDigest.Failf("")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lostRequests.Store(0)
			d := from(t, "")
			d.URLs, d.Patience = test.urls, 5*time.Second
			_, _, err := d.Fetch(t.Context(), nil)
			if test.want != nil {
				if !errors.Is(err, test.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			holds(t, d)
			if lostRequests.Load() > 1 {
				t.Errorf("who said no was asked %d times", lostRequests.Load())
			}
		})
	}
}

// Two that want the same file at once bring it once.
func TestFetchTwiceAtOnce(t *testing.T) {
	release := make(chan struct{})
	d, requests := download(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		good(w, r)
	})
	d.Patience = time.Minute
	done := make(chan error)
	for range 2 {
		go func() {
			_, _, err := d.Fetch(t.Context(), nil)
			done <- err
		}()
	}
	close(release)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}
	holds(t, d)
}

// However many come and go, one at a time has an entry, and no lock's file is left.
func TestLockIsForOne(t *testing.T) {
	cache := Cache{t.TempDir()}
	if err := cache.prepare(); err != nil {
		t.Fatal(err)
	}
	var inside, taken atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for taken.Load() < 200 {
				unlock, err := cache.tryLock("x")
				if errors.Is(err, CacheBusy.Failf("")) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d at once", n)
				}
				runtime.Gosched()
				inside.Add(-1)
				taken.Add(1)
				if err := unlock(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(cache.parts()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A server that announces more than there is room for is refused before it sends it.
func TestFetchRefusesWhatCannotFit(t *testing.T) {
	d, _ := download(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(1<<60, 10))
		_, _ = w.Write(payload)
	})
	_, _, err := d.Fetch(t.Context(), nil)
	if !errors.Is(err, NoSpace.Failf("")) {
		t.Errorf("got %v", err)
	}
	if files := left(t, d); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestFetchRefusesStrangeNames(t *testing.T) {
	for _, name := range []string{"", "..", "../x", "a/b", "A", "x\n"} {
		d := from(t, "file:///nowhere")
		d.Name = name
		if _, _, err := d.Fetch(t.Context(), nil); err == nil || exists(d.Cache.Dir) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPins(t *testing.T) {
	p := Pins{filepath.Join(t.TempDir(), "pins")}
	if known, err := p.get("x"); known != nil || err != nil {
		t.Errorf("of nothing: %v, %v", known, err)
	}
	if err := p.set("x", pin{SHA256: sha(payload), Size: 7}); err != nil {
		t.Fatal(err)
	}
	if known, err := p.get("x"); err != nil || known.SHA256 != sha(payload) || known.Size != 7 {
		t.Errorf("got %v, %v", known, err)
	}
	write(t, p.file("x"), []byte("{"))
	if _, err := p.get("x"); !errors.Is(err, DigestUnknown.Failf("")) {
		t.Errorf("broken: %v", err)
	}
}
