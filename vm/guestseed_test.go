package vm

import (
	"bytes"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const anotherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvJu310nAovhgUQKagtQkDGqPvh4bwJdkpq8P3J2Q7p ops@example.org"

// everythingSaid is a guest of whom nothing is left to the image.
func everythingSaid() Guest {
	return Guest{
		Timezone:  "Europe/Berlin",
		Proxy:     Proxy{HTTP: "http://proxy.example.org:3128", HTTPS: "http://proxy.example.org:3128", None: []string{".example.org", "203.0.113.0/24"}},
		AptMirror: "http://mirror.example.org/ubuntu",
		Keys:      []string{anotherKey},
	}
}

func TestGuestInTheSeed(t *testing.T) {
	spec := usual()
	spec.Guest = everythingSaid()
	given, _ := keys("kubenode1")
	seed, err := spec.Machines("wire", subnet)[1].Seed(given)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "user-data-guest", seed.UserData)
	if bytes.Equal(seed.MetaData, seedOf(t, "kubenode1").MetaData) {
		t.Error("other options give the same instance: cloud-init would not apply them")
	}
}

// Without a proxy nothing is to be spared from it, and apt is left alone.
func TestGuestSaysNothing(t *testing.T) {
	for _, key := range []string{"timezone:", "apt:", "write_files:", "no_proxy"} {
		if text := seedOf(t, "kubenode1").UserData; bytes.Contains(text, []byte(key)) {
			t.Errorf("user-data has %s\n%s", key, text)
		}
	}
}

// Kubernetes and RabbitMQ add lines to /etc/hosts that have to survive a reboot: any
// other value has cloud-init write the file anew at each (cloudinit's cc_update_etc_hosts).
func TestHostsFileSurvivesReboots(t *testing.T) {
	var read struct {
		Manage any `yaml:"manage_etc_hosts"`
	}
	if err := yaml.Unmarshal(seedOf(t, "kubenode1").UserData, &read); err != nil || read.Manage != "localhost" {
		t.Errorf("manage_etc_hosts is %v (%v), want localhost", read.Manage, err)
	}
}

func TestGuestRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		text string
		want []string
	}{
		{"all is well", "timezone: Etc/GMT+2\nproxy: {http: 'http://[2001:db8::1]:3128/', no_proxy: ['*.example.org', 10.0.0.0/8]}\napt_mirror: https://mirror.example.org/ubuntu/\nkeys: ['" + anotherKey + "']", nil},
		{"no such zone", "timezone: Europe/Atlantis", []string{`timezone: "Europe/Atlantis"`}},
		{"the host's own zone", "timezone: Local", []string{`timezone: "Local"`}},
		{"a path", "timezone: ../../etc/passwd", []string{"timezone: "}},
		{"proxies", "proxy: {http: 'proxy:3128', https: 'socks5://proxy:1080'}", []string{"proxy.http: ", "proxy.https: "}},
		{"a proxy for apt.conf", "proxy: {http: 'http://p:1\"; Dir::Bin \"x'}", []string{"proxy.http: "}},
		{"a proxy for the environment", "proxy: {http: \"http://p:1\\nPATH=/tmp\"}", []string{"proxy.http: "}},
		{"an exception from nothing", "proxy: {no_proxy: [a]}", []string{"proxy.no_proxy: there is no proxy"}},
		{"an exception for the environment", "proxy: {http: 'http://p:1', no_proxy: [a, \"b\\nc\"]}", []string{"proxy.no_proxy[1]: "}},
		{"a mirror", "apt_mirror: 'http://mirror/ubuntu main'", []string{"apt_mirror: "}},
		{"a file mirror", "apt_mirror: 'file:///srv/ubuntu'", []string{"apt_mirror: "}},
		{"a key that is none", "keys: [ssh-ed25519 AAAA]", []string{"keys[0]: is not a line"}},
		{"two keys in one", "keys: ['" + anotherKey + "', \"" + anotherKey + "\\n" + anotherKey + "\"]", []string{"keys[1]: is more than one line"}},
		{"a private key", "keys: [\"-----BEGIN OPENSSH PRIVATE KEY-----\"]", []string{"keys[0]: is not a line"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var spec Spec
			if err := yaml.Unmarshal([]byte(tc.text), &spec); err != nil {
				t.Fatal(err)
			}
			spec.Defaults()
			var got []string
			if err := spec.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q…", got[i], tc.want[i])
				}
			}
		})
	}
}
