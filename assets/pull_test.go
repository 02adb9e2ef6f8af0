package assets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// What nobody vouches for counts as whole only if its checksum says so.
func TestPull(t *testing.T) {
	archive := small(t)
	tests := map[string]struct {
		sent  []byte
		vouch bool
		name  string
		want  error
	}{
		"whole":                        {archive, false, "a.tgz", nil},
		"cut off":                      {archive[:len(archive)-9], false, "a.tgz", ArtifactCorrupt.Failf("")},
		"cut off, and vouched for":     {archive[:len(archive)-9], true, "a.tgz", nil},
		"an image, of which none tell": {archive[:len(archive)-9], false, "a.img", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, _ := download(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(test.sent) })
			d.Name, d.SHA256 = test.name, ""
			if test.vouch {
				d.SHA256 = sha(test.sent)
			}
			err := d.Pull(t.Context(), nil)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if _, held := d.Held(); held != (test.want == nil) {
				t.Errorf("held %t", held)
			}
		})
	}
}

// A server may send less of a range than it announced.
func TestFetchGoesOnAfterAShortRange(t *testing.T) {
	var ranges atomic.Int32
	d, _ := download(t, func(w http.ResponseWriter, r *http.Request) {
		var from int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err != nil || ranges.Add(1) > 1 {
			good(w, r)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(payload)-1, len(payload)))
		w.Header().Set("Content-Length", strconv.Itoa(1000))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(payload[from : from+1000])
	})
	resumed(t, d, payload[:5000], `"v1"`)
	d.Patience = time.Minute
	if _, _, err := d.Fetch(t.Context(), nil); err != nil || ranges.Load() != 2 {
		t.Errorf("after %d ranges: %v", ranges.Load(), err)
	}
	holds(t, d)
}

func TestRedirect(t *testing.T) {
	request := func(address string) *http.Request {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Request{URL: u}
	}
	tests := map[string]struct {
		from, to string
		hops     int
		refused  bool
	}{
		"elsewhere":              {"http://a/x", "http://b/y", 1, false},
		"to a protected place":   {"http://a/x", "https://b/y", 1, false},
		"from protected to open": {"https://a/x", "http://b/y", 1, true},
		"once too often":         {"http://a/x", "http://a/x", 10, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			via := make([]*http.Request, test.hops)
			for i := range via {
				via[i] = request(test.from)
			}
			err := redirect(request(test.to), via)
			if (err != nil) != test.refused || err != nil && !refused(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Why an archive cannot be read is another thing than that it is broken.
func TestUnpackTellsTheSourcesError(t *testing.T) {
	archive := small(t)
	half := io.MultiReader(iotest.HalfReader(bytes.NewReader(archive[:len(archive)/2])), iotest.ErrReader(errStalled))
	err := unpack(t.Context(), half, sized(archive), t.TempDir(), os.Geteuid(), os.Getegid(), nil)
	if !errors.Is(err, errStalled) || errors.Is(err, ArtifactCorrupt.Failf("")) {
		t.Errorf("got %v", err)
	}
}

// What cannot be told to be needless stays.
func TestPruneKeepsWhatItCannotJudge(t *testing.T) {
	s, downloads, _ := stored(t)
	fetchAll(t, downloads[0])
	write(t, s.Pins.file(downloads[0].Name), []byte("{"))
	plan, err := Cache{s.Cache}.Prune(s.Pins, downloads[0])
	if err != nil || len(plan) > 0 {
		t.Errorf("got %v\n%s", err, subjects(plan))
	}
}
