package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPlayLog reads what ansible-playbook 2.14 really printed: a golden file has each line
// of progress as it changed, and at the end what is told of the failure.
func TestPlayLog(t *testing.T) {
	recordings, err := filepath.Glob("testdata/ansible/*.txt")
	if err != nil || len(recordings) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range recordings {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var log playLog
			var told strings.Builder
			before := ""
			for line := range strings.Lines(string(content)) {
				log.line(clean(line))
				if now := log.progress(); now != before {
					fmt.Fprintln(&told, now)
					before = now
				}
			}
			fmt.Fprintf(&told, "--- failure:\n%s\n", log.failure())
			golden(t, filepath.Join("ansible", name+".golden"), []byte(told.String()))
		})
	}
}

func TestResultMessage(t *testing.T) {
	long := strings.Repeat("x", 1000)
	tests := []struct{ name, result, want string }{
		{"a module's message", `{"changed": false, "msg": "No package matching 'cassandra' is available"}`, "No package matching 'cassandra' is available"},
		{"a message of several paragraphs", `{"msg": "It is\nwrong.\n\nThe error appears to be elsewhere."}`, "It is wrong."},
		{"the end of standard error", `{"msg": "non-zero return code", "rc": 2, "stderr": "a\nb\nc\nd\n", "stdout": "no"}`, "b | c | d (exit status 2)"},
		{"standard output where there is nothing else", `{"msg": "non-zero return code", "rc": 1, "stderr": "", "stdout": "no room"}`, "no room (exit status 1)"},
		{"nothing at all", `{"msg": "non-zero return code", "rc": 1, "stderr": ""}`, "non-zero return code (exit status 1)"},
		{"an exception", `{"msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "Traceback (most recent call last):\n  File x\nOSError: no\n", "rc": 1}`, "OSError: no (exit status 1)"},
		{"a list", `{"msg": ["one", "two"]}`, "one two"},
		{"no message", `{"reason": "no such task"}`, "no such task"},
		{"no fields", `{}`, "{}"},
		{"hidden", `{"censored": "the output has been hidden", "changed": true}`, "its result is hidden (no_log)"},
		{"too long", `{"msg": "` + long + `"}`, long[:messageShown] + "..."},
		{"torn", `{"changed": true, "msg": "non-zero return code", "stderr": "disk \"full\"", "stdout": "and on and`, `disk "full"`},
		{"YAML of community.general", "changed=false\n  msg: |-\n    no\n    room\n", "no room"},
		{"YAML that is torn", "\n  msg: no room\n  stderr: \"and", "no room"},
		{"no object", "it broke\n", "it broke"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := resultMessage(test.result); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlaybookReader(t *testing.T) {
	begins := []string{"+ ansible-playbook -i ansible/inventory.yml ansible/cassandra.yml", "wiabctl: playbook 7 cassandra.yml begins: it has no receipt",
		"PLAY [Install Cassandra] ****", "TASK [install] ****"}
	fatal := `fatal: [datanode2]: FAILED! => {"msg": "no room"}`
	tests := []struct {
		name    string
		total   int
		lines   []string
		failure string
	}{
		{"a task failed", 12, append(slices.Clone(begins), fatal, "wiabctl: playbook 7 cassandra.yml ended: exit status 2 after 3 s"),
			"playbook 7 of 12 cassandra.yml failed:\n  play \"Install Cassandra\", task \"install\", on datanode2: no room"},
		{"how many there are is not known", 0, append(slices.Clone(begins), fatal),
			"playbook 7 cassandra.yml failed:\n  play \"Install Cassandra\", task \"install\", on datanode2: no room"},
		{"the playbook succeeded, and something else failed", 12, append(slices.Clone(begins), fatal, "wiabctl: playbook 7 cassandra.yml ended: exit status 0 after 3 s", "cp: no room"), ""},
		{"the next one failed", 12, append(slices.Clone(begins), fatal, "wiabctl: playbook 8 minio.yml begins: its tree changed", "ERROR! the role 'minio' was not found"),
			"playbook 8 of 12 minio.yml failed:\n  the role 'minio' was not found"},
		{"ansible-playbook without our lines", 12, begins[2:3], ""},
		{"a failure without our lines", 12, append(slices.Clone(begins[2:]), fatal), `play "Install Cassandra", task "install", on datanode2: no room`},
		{"nothing of Ansible's", 12, []string{"wiab/tools: docker does not load it"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reader := playbookReader{total: test.total}
			for _, line := range test.lines {
				reader.Line(line)
			}
			if got := reader.Failure(); got != test.failure {
				t.Errorf("got\n%s\nwant\n%s", got, test.failure)
			}
		})
	}
}

// TestPlaybookReaderSays shows what a person sees: each playbook, and of what happens in it
// no more than a line every two seconds.
func TestPlaybookReaderSays(t *testing.T) {
	var said []string
	reader := playbookReader{total: 12, say: func(line string) { said = append(said, line) }}
	reader.Line("wiabctl: playbook 6 minio.yml skipped: it succeeded before, with the same inputs")
	reader.Line("wiabctl: playbook 7 cassandra.yml begins: its tree changed")
	for n := range 100 {
		reader.Line("PLAY [Install Cassandra] ****")
		reader.Line(fmt.Sprintf("TASK [install %d] ****", n))
		reader.Line("changed: [datanode2]")
	}
	want := []string{"playbook 6 of 12 minio.yml skipped: it succeeded before, with the same inputs", "playbook 7 of 12 cassandra.yml begins: its tree changed",
		"playbook 7 of 12 cassandra.yml: play Install Cassandra (0 tasks done)"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

// FuzzPlayLog feeds the reader what no Ansible ever printed: it keeps little of it, and what
// it tells is short.
func FuzzPlayLog(f *testing.F) {
	recordings, err := filepath.Glob("testdata/ansible/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range recordings {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content))
	}
	f.Add("fatal: [a]: FAILED! => \n  a: &a [*a]\n...ignoring\n...ignoring\nPLAY RECAP ***\na : ok=0 changed=0 unreachable=0 failed=0 ")
	f.Add("fatal: [0]\n    rc: |\n\n\n\n\n\n\n     00")
	f.Fuzz(func(t *testing.T, text string) {
		reader := playbookReader{total: 12}
		for line := range strings.Lines(text) {
			reader.Line(clean(line))
		}
		if lines := strings.Count(reader.Failure(), "\n"); lines > failuresShown+1 {
			t.Errorf("%d lines are told of failures", lines)
		}
		if reader.log.body.Len() > bodyLimit+1 {
			t.Errorf("%d bytes are kept of one result", reader.log.body.Len())
		}
	})
}
