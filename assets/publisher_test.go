package assets

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"wiabctl/provision/change"
)

// site is a publisher's, whose files move.
type site struct {
	mu    sync.Mutex
	files map[string][]byte
	asked map[string]int
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.URL.Path]++
	content, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (s *site) put(path string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = content
}

func (s *site) times(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// publish puts an image and the list of its digest there.
func (s *site) publish(content []byte) {
	s.put("/current/disk.img", content)
	s.put("/current/SHA256SUMS", fmt.Appendf(nil, "%s *disk.img\n%s *disk.vmdk\n", sha(content), strings.Repeat("0", 64)))
}

// sign puts a signature of the list beside it.
func (s *site) sign(key *openpgp.Entity, armoured bool, when time.Time) {
	sign := openpgp.DetachSign
	if armoured {
		sign = openpgp.ArmoredDetachSign
	}
	var signature bytes.Buffer
	check(sign(&signature, key, bytes.NewReader(s.files["/current/SHA256SUMS"]), at(when, 0)))
	s.put("/current/SHA256SUMS.gpg", signature.Bytes())
}

// qcow2s are two images that differ.
func qcow2s(t *testing.T) (one, other []byte) {
	t.Helper()
	read := func(path string) []byte {
		content, err := os.ReadFile(path)
		must(t, err)
		return content
	}
	return read(disk(t, "-f", "qcow2")), read(disk(t, "-f", "qcow2", "-o", "cluster_size=4k"))
}

// publishedImage is one from a site, which vouches for it.
func publishedImage(t *testing.T) (BaseImage, *site) {
	t.Helper()
	s := &site{files: map[string][]byte{}, asked: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	base := t.TempDir()
	one, _ := qcow2s(t)
	s.publish(one)
	return BaseImage{
		URL: server.URL + "/current/disk.img", Publisher: Publisher{Sums: server.URL + "/current/SHA256SUMS"},
		Store:  Store{Cache: filepath.Join(base, "cache"), Pins: Pins{filepath.Join(base, "pins")}},
		Images: filepath.Join(base, "images"),
	}, s
}

// settled places the image and returns how many changes that took.
func settled(t *testing.T, b BaseImage) (int, error) {
	t.Helper()
	plan, err := b.Plan(t.Context())
	must(t, err)
	if err := apply(t, plan); err != nil {
		return 0, err
	}
	again, err := b.Plan(t.Context())
	if err != nil || len(again) > 0 {
		t.Errorf("planned again: %v\n%s", err, subjects(again))
	}
	return len(plan), nil
}

func TestPublisher(t *testing.T) {
	key, other := newKey(time.Now().Add(-3*day), 0), newKey(time.Now().Add(-3*day), 0)
	ended := newKey(time.Now().Add(-3*day), day)
	binary := func(keys ...*openpgp.Entity) []byte {
		var ring bytes.Buffer
		for _, k := range keys {
			check(k.Serialize(&ring))
		}
		return ring.Bytes()
	}
	signed := func(key *openpgp.Entity, armoured bool) func(*site) {
		return func(s *site) { s.sign(key, armoured, time.Now().Add(-3*day+time.Minute)) }
	}
	list := func(text string) func(*site) { return func(s *site) { s.put("/current/SHA256SUMS", []byte(text)) } }
	both := func(all ...func(*site)) func(*site) {
		return func(s *site) {
			for _, do := range all {
				do(s)
			}
		}
	}
	tests := map[string]struct {
		site    func(*site)
		keyring []byte // nil: none
		kind    change.Kind
		says    string
	}{
		"listed":                     {both(), nil, change.Kind{}, ""},
		"signed":                     {signed(key, false), binary(key), change.Kind{}, ""},
		"signed in ASCII":            {signed(key, true), []byte(armoured(other, key)), change.Kind{}, ""},
		"a list of another digest":   {list(strings.Repeat("a", 64) + "  disk.img\n"), nil, ArtifactDigest, "should have " + strings.Repeat("a", 64)},
		"a list without the image":   {list(strings.Repeat("a", 64) + "  disk.vmdk\n"), nil, ImageSums, "does not list disk.img; it lists disk.vmdk"},
		"a web page":                 {list("<html>"), nil, ImageSums, "line 1"},
		"no list":                    {func(s *site) { delete(s.files, "/current/SHA256SUMS") }, nil, DownloadFailed, "404"},
		"a list without an end":      {list(strings.Repeat("a", mostSums+1)), nil, DownloadFailed, "larger than"},
		"no signature":               {both(), binary(key), DownloadFailed, "SHA256SUMS.gpg: "},
		"signed by somebody":         {signed(other, false), binary(key), ImageSignature, "it is not signed with the key " + fingerprint(key)},
		"signed by an ended key":     {signed(ended, false), binary(ended), ImageSignature, "the key " + fingerprint(ended) + " expired on"},
		"a list that was changed":    {both(signed(key, false), list(strings.Repeat("a", 64)+"  disk.img\n")), binary(key), ImageSignature, "its signature is no good one"},
		"a signature that is none":   {func(s *site) { s.put("/current/SHA256SUMS.gpg", []byte("signed: me")) }, binary(key), ImageSignature, "its signature is no good one"},
		"a keyring that is none":     {signed(key, false), []byte("keys"), ImageSignature, "is no keyring"},
		"a keyring without keys":     {signed(key, false), []byte{}, ImageSignature, "is no keyring"},
		"a keyring of enormous size": {signed(key, false), make([]byte, mostSignature+1), ImageSignature, "larger than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, s := publishedImage(t)
			test.site(s)
			if test.keyring != nil {
				b.Publisher.Keyring = write(t, filepath.Join(t.TempDir(), "keys.gpg"), test.keyring)
			}
			_, err := settled(t, b)
			expect(t, err, test.kind, test.says)
			if _, there := os.Stat(b.Images); test.says != "" && there == nil {
				t.Error("something was made")
			}
			if known := b.Check(t.Context()); test.says == "" && known != nil {
				t.Errorf("check: %v", known)
			}
		})
	}
}

func TestKeyringIsCheckedBefore(t *testing.T) {
	b, s := publishedImage(t)
	b.Publisher.Keyring = filepath.Join(t.TempDir(), "none.gpg")
	expect(t, b.Check(t.Context()), ImageSignature, "vms.image.keyring: open "+b.Publisher.Keyring)
	b.SHA256 = sha(s.files["/current/disk.img"]) // then nobody is asked
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := settled(t, b); n != 1 || err != nil || s.times("/current/SHA256SUMS") > 0 {
		t.Errorf("%d changes, %v; the list was asked for %d times", n, err, s.times("/current/SHA256SUMS"))
	}
}

// What came first stays, wherever "current" moves.
func TestBaseImageStaysWhenCurrentMoves(t *testing.T) {
	for name, vouched := range map[string]bool{"with a list": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			b, s := publishedImage(t)
			if !vouched {
				b.Publisher = Publisher{}
			}
			if path, err := b.Path(); err == nil {
				t.Errorf("before it came it is %s", path)
			}
			if n, err := settled(t, b); n != 1 || err != nil {
				t.Fatalf("%d changes, %v", n, err)
			}
			first := placed(t, b)
			one, other := qcow2s(t)
			asked := s.times("/current/SHA256SUMS")
			s.publish(other)
			if n, err := settled(t, b); n != 0 || err != nil || placed(t, b) != first || s.times("/current/SHA256SUMS") != asked {
				t.Errorf("moved: %d changes, %v, %s, the list was asked for %d times more", n, err, placed(t, b), s.times("/current/SHA256SUMS")-asked)
			}

			must(t, os.Remove(first)) // lost, and still in the cache
			if n, err := settled(t, b); n != 1 || err != nil || !exists(first) {
				t.Errorf("lost: %d changes, %v", n, err)
			}

			must(t, errors.Join(os.Remove(first), os.RemoveAll(b.Store.Cache))) // lost for good
			_, err := settled(t, b)
			expect(t, err, ImageLost, first+" is gone")
			if left, err := filepath.Glob(filepath.Join(b.Images, "*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}

			s.publish(one) // an archive still has it
			if n, err := settled(t, b); n != 1 || err != nil || !exists(first) {
				t.Errorf("back: %d changes, %v", n, err)
			}

			plan, err := b.Remove(t.Context()) // down: the next installation begins with the current one
			must(t, err)
			must(t, apply(t, plan))
			s.publish(other)
			if n, err := settled(t, b); n != 1 || err != nil || placed(t, b) == first {
				t.Errorf("anew: %d changes, %v, %s", n, err, placed(t, b))
			}
		})
	}
}

// An unusable image is not what later ones are held to.
func TestBaseImageUnusableIsForgotten(t *testing.T) {
	b, s := publishedImage(t)
	s.publish([]byte("<html>come later</html>"))
	if _, err := settled(t, b); !errors.Is(err, ImageUnusable.Failf("")) {
		t.Fatalf("got %v", err)
	}
	one, _ := qcow2s(t)
	s.publish(one)
	if n, err := settled(t, b); n != 1 || err != nil {
		t.Errorf("%d changes, %v", n, err)
	}
}

// What lay long in the cache is read again before disks stand on it.
func TestBaseImageAlteredInTheCacheComesAnew(t *testing.T) {
	b, s := publishedImage(t)
	if _, err := settled(t, b); err != nil {
		t.Fatal(err)
	}
	blob, _ := b.Download().Held()
	must(t, os.Remove(placed(t, b)))
	write(t, blob, []byte("rotten"))
	if n, err := settled(t, b); n != 1 || err != nil || s.times("/current/disk.img") != 2 {
		t.Errorf("%d changes, %v, fetched %d times", n, err, s.times("/current/disk.img"))
	}
	if content, err := os.ReadFile(placed(t, b)); err != nil || sha(content) != sha(s.files["/current/disk.img"]) {
		t.Errorf("got %d bytes, %v", len(content), err)
	}
}

// From a bundle nobody is asked, and a newer bundle changes nothing.
func TestBaseImageFromBundle(t *testing.T) {
	b, s := publishedImage(t)
	bundle := Bundle{filepath.Join(t.TempDir(), "bundle")}
	fill := func() {
		b.Store.Cache, b.Store.Pins.Dir = t.TempDir(), t.TempDir()
		plan, err := bundle.Plan(b.Download())
		must(t, err)
		must(t, apply(t, plan))
	}
	fill()
	asked := s.times("/current/SHA256SUMS")
	if asked == 0 {
		t.Error("for the bundle the list was not asked for")
	}
	far := b
	far.Store = Store{Cache: t.TempDir(), Pins: Pins{t.TempDir()}, Source: bundle.Dir}
	if n, err := settled(t, far); n != 1 || err != nil || s.times("/current/SHA256SUMS") != asked {
		t.Fatalf("%d changes, %v", n, err)
	}
	first := placed(t, far)
	_, other := qcow2s(t)
	s.publish(other)
	fill()
	if n, err := settled(t, far); n != 0 || err != nil || placed(t, far) != first {
		t.Errorf("a newer bundle: %d changes, %v, %s", n, err, placed(t, far))
	}
}

func TestAddresses(t *testing.T) {
	for sums, want := range map[string]string{
		"https://a/current/SHA256SUMS":     "https://a/current/SHA256SUMS.gpg",
		"https://a/SHA256SUMS?token=x%2Fy": "https://a/SHA256SUMS.gpg?token=x%2Fy",
		"file:///srv/my%20images/SUMS":     "file:///srv/my%20images/SUMS.gpg",
	} {
		if got := signatureOf(sums); got != want {
			t.Errorf("the signature of %s is %s, want %s", sums, got, want)
		}
	}
	for address, want := range map[string]string{
		"https://a/current/disk.img":      "disk.img",
		"https://a/current/disk.img?x=/y": "disk.img",
		"file:///srv/my%20disk.img":       "my disk.img",
	} {
		if got := fileName(address); got != want {
			t.Errorf("%s is the file %q, want %q", address, got, want)
		}
	}
}
