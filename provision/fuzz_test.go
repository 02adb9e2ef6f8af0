package provision

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRecord demands that the record of a run, which may be torn anywhere or written by another version, is read.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		`{"event":"run","run":{"number":1,"line":"wiabctl up"}}` + "\n" + `{"stage":"vms","event":"begun","verb":"create","subject":"a"}` + "\n" + `{"stage":"vms","event":"made","verb":"create","subject":"a","took_ns":5}` + "\n" + `{"event":"ended","outcome":"done"}` + "\n",
		`{"event":"wanted","stage":"helm","diff":["+ a: 1"],"within":"release a"}` + "\n{\"event\":", "{\"time\":\"x\",\"level\":\"DEBUG\"}\n\n", "null\n[]\n", `{"event":"made","stage":"x"}` + "\n",
	} {
		f.Add([]byte(seed))
	}
	file := filepath.Join(f.TempDir(), "000001.jsonl")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		run, err := record{1, file}.read()
		if err != nil {
			t.Fatalf("%q is not read: %v", content, err)
		}
		if _, err := json.Marshal(run); err != nil {
			t.Errorf("what %q says cannot be told: %v", content, err)
		}
	})
}

// FuzzBlock demands that what others wrote into a file of the host stays, to the byte, around our lines.
func FuzzBlock(f *testing.F) {
	for _, seed := range []string{"", "127.0.0.1 localhost", "a\n" + blockBegin + "\nx\n" + blockEnd + "\nb", blockBegin + "\n", blockEnd + "\n" + blockBegin + "\n", "\r\n" + blockBegin + "\r\n"} {
		f.Add(seed)
	}
	b := block{File: "/etc/hosts", Lines: []string{"10.0.0.1 kubenode1"}}
	f.Fuzz(func(t *testing.T, content string) {
		with, err := b.within([]byte(content))
		if err != nil {
			return
		}
		if again, err := b.within(with); err != nil || !bytes.Equal(again, with) {
			t.Errorf("%q becomes %q, and that %q, %v", content, with, again, err)
		}
		without, err := block{}.within(with)
		if before, _, found := cutAt(content, blockBegin); err != nil || !strings.HasPrefix(string(without), before) || !found && strings.TrimSuffix(string(without), "\n") != strings.TrimSuffix(content, "\n") {
			t.Errorf("of %q is left %q, %v", content, without, err)
		}
	})
}

// FuzzAuthorizedKeys demands that our key comes and goes, and other lines stay.
func FuzzAuthorizedKeys(f *testing.F) {
	const ours = `from="127.0.0.1" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNwgkBYIzvK8d1y2xGVQGKjHOCxsxRJzHAiVTtFvgDl wiabctl` + "\n"
	for _, seed := range []string{"", "# mine", ours, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJNwgkBYIzvK8d1y2xGVQGKjHOCxsxRJzHAiVTtFvgDl old\n# rest", strings.TrimSuffix(ours, "\n"), "x\r\n" + ours + "y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		with := withKey([]byte(content), []byte(ours))
		if !bytes.Contains(with, []byte(ours)) || !bytes.Equal(withKey(with, []byte(ours)), with) {
			t.Errorf("%q becomes %q", content, with)
		}
		if without := withoutKey(with, []byte(ours)); !bytes.Equal(bytes.TrimSuffix(without, []byte("\n")), bytes.TrimSuffix(withoutKey([]byte(content), []byte(ours)), []byte("\n"))) {
			t.Errorf("of %q with our key %q, without it is left %q", content, with, without)
		}
	})
}
