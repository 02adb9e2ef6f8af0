package assets

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

const someHash = "5b01f250e128db689715558bad6b5e532cf4a7a0"

func TestSpecDefaults(t *testing.T) {
	tests := map[string]struct{ given, want Spec }{
		"hash alone": {
			Spec{Hash: someHash},
			Spec{Hash: someHash, URL: "https://s3-eu-west-1.amazonaws.com/public.wire.com/artifacts/wire-server-deploy-static-" + someHash + ".tgz"},
		},
		"hash named by the URL": {
			Spec{URL: "http://mirror/x/wire-server-deploy-static-" + someHash + ".tgz"},
			Spec{Hash: someHash, URL: "http://mirror/x/wire-server-deploy-static-" + someHash + ".tgz"},
		},
		"both are kept": {Spec{Hash: someHash, URL: "file:///a.tgz"}, Spec{Hash: someHash, URL: "file:///a.tgz"}},
		"capital digits": {
			Spec{Hash: strings.ToUpper(someHash), URL: "file:///a", SHA256: strings.Repeat("AB", 32)},
			Spec{Hash: someHash, URL: "file:///a", SHA256: strings.Repeat("ab", 32)},
		},
		"nothing": {Spec{}, Spec{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.given
			got.Defaults()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpecOfAnUnnamedURLHasAHash(t *testing.T) {
	a, b := Spec{URL: "file:///a.tgz"}, Spec{URL: "file:///b.tgz"}
	a.Defaults()
	b.Defaults()
	if a.Validate() != nil || b.Validate() != nil || a.Hash == b.Hash {
		t.Errorf("got %+v and %+v", a, b)
	}
}

func TestSpecValidate(t *testing.T) {
	tests := map[string]struct {
		spec  Spec
		paths []string
	}{
		"hash":             {Spec{Hash: someHash}, nil},
		"file":             {Spec{URL: "file:///srv/a.tgz", SHA256: strings.Repeat("0", 64)}, nil},
		"nothing":          {Spec{}, []string{"hash"}},
		"short hash":       {Spec{Hash: "abc"}, []string{"hash"}},
		"hash with a path": {Spec{Hash: "../" + someHash[3:]}, []string{"hash"}},
		"other scheme":     {Spec{URL: "ftp://a/b"}, []string{"url"}},
		"no scheme":        {Spec{URL: "a.tgz"}, []string{"url"}},
		"no host":          {Spec{URL: "https:///a.tgz"}, []string{"url"}},
		"relative file":    {Spec{URL: "file:a.tgz"}, []string{"url"}},
		"file of a host":   {Spec{URL: "file://a/b.tgz"}, []string{"url"}},
		"no URL at all":    {Spec{URL: "http://[::1"}, []string{"url"}},
		"short digest":     {Spec{Hash: someHash, SHA256: "12"}, []string{"sha256"}},
		"all at once":      {Spec{Hash: "x", URL: "y", SHA256: "z"}, []string{"hash", "url", "sha256"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.spec.Defaults()
			var paths []string
			if err := test.spec.Validate(); err != nil {
				for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
					var invalid *change.Invalid
					if !errors.As(e, &invalid) {
						t.Fatalf("%v is no Invalid", e)
					}
					paths = append(paths, invalid.Path)
				}
			}
			if diff := cmp.Diff(test.paths, paths); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A token is often all there is before the host.
func TestRedacted(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a.tgz":              "https://example.org/a.tgz",
		"https://ops:secret@example.org/a.tgz":   "https://ops:xxxxx@example.org/a.tgz",
		"https://secret@example.org/a.tgz":       "https://xxxxx@example.org/a.tgz",
		"https://example.org/a.tgz?token=secret": "https://example.org/a.tgz?...",
		"https://example.org/%zz?secret":         "an unreadable URL",
	} {
		if got := redacted(address); got != want {
			t.Errorf("%s is shown as %s, want %s", address, got, want)
		}
	}
}
