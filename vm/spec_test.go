package vm

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestSpecDefaultsAreValid(t *testing.T) {
	s := usual()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if s.Accel != KVM || s.User != "demo" || s.Ready != 10*time.Minute || s.Interface != "enp1s0" || !strings.HasPrefix(s.Image.URL, "https://cloud-images.ubuntu.com/") {
		t.Errorf("defaults are %+v", s)
	}
	if want := (Dimensions{CPUs: 5, Memory: 9216 * MiB, Disk: 150 * GiB}); s.Sizes.Kubenode != want {
		t.Errorf("a kubenode is %+v, want %+v", s.Sizes.Kubenode, want)
	}
}

func TestSpecFromYAML(t *testing.T) {
	s := &Spec{}
	text := "accel: tcg\nimage: {url: http://artifacts.example.net/i.qcow2}\nready: 3m\nsizes: {kubenode: {memory: 384MiB}}\n"
	if err := yaml.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	s.Defaults()
	want := usual()
	want.Accel, want.Image, want.Ready, want.Sizes.Kubenode.Memory = TCG, Image{URL: "http://artifacts.example.net/i.qcow2"}, 3*time.Minute, 384*MiB
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Ubuntu's list is Ubuntu's image's, and asked only where nothing else tells the digest.
func TestSpecImageDefaults(t *testing.T) {
	ubuntu, list, sum := jammy, jammySums, strings.Repeat("a", 64)
	for name, tc := range map[string]struct{ given, want Image }{
		"nothing":           {Image{}, Image{URL: ubuntu, Sums: list}},
		"a keyring":         {Image{Keyring: "/k.gpg"}, Image{URL: ubuntu, Sums: list, Keyring: "/k.gpg"}},
		"a digest":          {Image{SHA256: sum}, Image{URL: ubuntu, SHA256: sum}},
		"another list":      {Image{Sums: "http://a/SHA256SUMS"}, Image{URL: ubuntu, Sums: "http://a/SHA256SUMS"}},
		"another image":     {Image{URL: "http://a/i.img"}, Image{URL: "http://a/i.img"}},
		"both from another": {Image{URL: "http://a/i.img", Sums: "http://a/S"}, Image{URL: "http://a/i.img", Sums: "http://a/S"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Spec{Image: tc.given}
			s.Defaults()
			if s.Image != tc.want {
				t.Errorf("got %+v, want %+v", s.Image, tc.want)
			}
		})
	}
}

func TestSpecRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*Spec)
		want  []string
	}{
		{"accel", func(s *Spec) { s.Accel = "hvf" }, []string{`accel: "hvf" is neither kvm nor tcg`}},
		{"root", func(s *Spec) { s.User = "root" }, []string{`user: "root"`}},
		{"user for a shell", func(s *Spec) { s.User = "a;reboot" }, []string{`user: "a;reboot"`}},
		{"interface", func(s *Spec) { s.Interface = "eth0/../x" }, []string{"interface: "}},
		{"scheme", func(s *Spec) { s.Image.URL = "ftp://example.org/i" }, []string{`image.url: scheme "ftp"`}},
		{"no url", func(s *Spec) { s.Image = Image{SHA256: "abc"} }, []string{"image.url: ", "image.sha256: "}},
		{"no host", func(s *Spec) { s.Image.URL = "https:///i.qcow2" }, []string{`image.url: "https:///i.qcow2" names no host`}},
		{"scheme only", func(s *Spec) { s.Image.URL = "http:" }, []string{`image.url: "http:" names no host`}},
		{"relative file", func(s *Spec) { s.Image.URL = "file:x.qcow2" }, []string{`image.url: "file:x.qcow2" is not of the form`}},
		{"another host's file", func(s *Spec) { s.Image.URL = "file://srv/x.qcow2" }, []string{`image.url: "file://srv/x.qcow2" is not of the form`}},
		{"relative list", func(s *Spec) { s.Image.Sums = "SHA256SUMS" }, []string{`image.sums: "SHA256SUMS" is not a URL`}},
		{"list by another scheme", func(s *Spec) { s.Image.Sums = "ftp://a/SHA256SUMS" }, []string{`image.sums: scheme "ftp"`}},
		{"relative keyring", func(s *Spec) { s.Image.Keyring = "k.gpg" }, []string{`image.keyring: "k.gpg" is not the absolute path`}},
		{"keyring without a list", func(s *Spec) { s.Image = Image{URL: "http://a/i.img", Keyring: "/k.gpg"} }, []string{"image.keyring: has nothing to check"}},
		{"loopback", func(s *Spec) { s.Interface = "lo" }, []string{`interface: "lo"`}},
		{"ready", func(s *Spec) { s.Ready = time.Second }, []string{"ready: is 1s"}},
		{"sizes, all at once", func(s *Spec) {
			s.Sizes.Datanode = Dimensions{CPUs: -1, Memory: 100 * MiB, Disk: MiB}
		}, []string{"sizes.datanode.cpus: is -1", "sizes.datanode.memory: is 100MiB", "sizes.datanode.disk: is 1MiB"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := usual()
			tc.spoil(s)
			err := s.Validate()
			if err == nil {
				t.Fatal("accepted")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(tc.want) {
				t.Fatalf("got %d findings, want %d:\n%v", len(got), len(tc.want), err)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q…", got[i], tc.want[i])
				}
			}
		})
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]struct {
		size Size
		back string
	}{
		"9216MiB": {9216 * MiB, "9GiB"},
		"384MiB":  {384 * MiB, "384MiB"},
		"150 GiB": {150 * GiB, "150GiB"},
		"2TiB":    {2 * TiB, "2TiB"},
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want.size || s.String() != want.back {
			t.Errorf("%q is %d, %q (%v), want %d, %q", text, s, s, err, want.size, want.back)
		}
	}
	for _, text := range []string{"", "9216", "9GB", "-1GiB", "0MiB", "1.5GiB", "9999999999TiB", "99999999999MiB", "1GiB\n"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %s", text, s)
		}
	}
}

func FuzzSize(f *testing.F) {
	f.Add("9216MiB")
	f.Add("9007199254740993TiB")
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if s <= 0 {
			t.Errorf("%q is %d bytes", text, s)
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%q reads as %d, written as %s, read again as %d (%v)", text, s, s, again, err)
		}
	})
}
