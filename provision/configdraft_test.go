package provision

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wiabctl/network"
	"wiabctl/vm"
)

func drafts() map[string]Draft {
	smallest := Draft{Domain: "green.example.org", Email: "ops@example.org", Artifact: "5b01f250e128db689715558bad6b5e532cf4a7a0"}
	whole := Draft{Domain: "Bücher.example.org", Email: "ops@example.org", Artifact: "https://mirror.example.org/a b.tgz", User: "demo", Node: "kubenode1", Egress: network.EgressFull,
		WAN: network.Links{"eth0", "eth1.7"}, PublicAddress: netip.MustParseAddr("203.0.113.7"),
		Sizes: vm.Sizes{Assethost: vm.Dimensions{CPUs: 1, Memory: vm.GiB, Disk: 100 * vm.GiB}, Kubenode: vm.Dimensions{CPUs: 2, Memory: 1536 * vm.MiB, Disk: 150 * vm.GiB}, Datanode: vm.Dimensions{CPUs: 2, Memory: vm.GiB, Disk: 100 * vm.GiB}}}
	return map[string]Draft{"smallest": smallest, "whole": whole}
}

func TestDraft(t *testing.T) {
	for name, draft := range drafts() {
		t.Run(name, func(t *testing.T) {
			text, err := draft.Text()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "draft-"+name+".yaml"), text)
			config, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if config.Network.PublicAddress != draft.PublicAddress || draft.User != "" && config.Host.User != draft.User || draft.Node != "" && config.Calling.Node != draft.Node ||
				strings.Join(config.Network.WAN, " ") != strings.Join(draft.WAN, " ") || draft.Egress != "" && config.Network.Egress != draft.Egress || draft.URL() != "" && config.Artifact.URL != draft.Artifact {
				t.Errorf("%+v became %+v", draft, config)
			}
			if err := fits(compiled(t), string(text)); err != nil {
				t.Error(err)
			}
			// What stands in it as a comment can be used as it is.
			commented := regexp.MustCompile(`(?m)^( *)# ((?: *- |    |  )?[a-z_0-9]+: .*|domains:|sizes:)$`)
			if n := len(commented.FindAllString(string(text), -1)); n < 8 {
				t.Errorf("%d fields stand in it as comments", n)
			}
			full := commented.ReplaceAllString(string(text), "$1$2")
			if _, err := Parse([]byte(full)); err != nil {
				t.Errorf("with its comments:\n%s\n%v", full, err)
			}
		})
	}
}

func TestDraftWrong(t *testing.T) {
	for _, test := range []struct {
		draft Draft
		path  string
		says  string
	}{
		{Draft{}, "domain", "is missing"},
		{Draft{Domain: "co.uk"}, "domain", `"co.uk" is a public suffix`},
		{Draft{Domain: "a: b # c\n- d"}, "domain", `"a: b # c\n- d" is no host name`},
		{Draft{Email: "ops"}, "email", "is not a mail address"},
		{Draft{Artifact: "5b01"}, "artifact", `"5b01" is not 40 hex digits`},
		{Draft{Artifact: "ftp://a/b"}, "artifact", "must be an https:, http: or file: URL"},
		{Draft{PublicAddress: netip.MustParseAddr("127.0.0.1")}, "network.public_address", "cannot be reached"},
		{Draft{Domain: "green.example.org"}, "domain", ""},
	} {
		wrong, err := test.draft.Wrong(test.path)
		if err != nil || (wrong == "") != (test.says == "") || !strings.Contains(wrong, test.says) {
			t.Errorf("%+v at %s: %q, %v; want %q", test.draft, test.path, wrong, err, test.says)
		}
	}
}

func TestDraftWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "etc", "wiabctl", "wiabctl.yaml")
	if err := (Draft{}).Write(file); !errors.Is(err, ConfigInvalid.Failf("")) {
		t.Errorf("a draft of nothing: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		t.Error("something is made for a draft that cannot be used")
	}
	if err := drafts()["smallest"].Write(file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(file)
	if err := drafts()["whole"].Write(file); !errors.Is(err, ConfigExists.Failf("")) {
		t.Errorf("a second one: %v", err)
	}
	after, _ := os.ReadFile(file)
	left, _ := os.ReadDir(filepath.Dir(file))
	if string(before) != string(after) || len(left) != 1 {
		t.Errorf("there are %v, the file says\n%s", left, after)
	}
	if err := drafts()["smallest"].Write("/proc/none/wiabctl.yaml"); !errors.Is(err, FileUnwritable.Failf("")) {
		t.Errorf("where nothing can be written: %v", err)
	}
}
