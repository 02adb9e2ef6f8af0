package provision

import (
	"strings"
	"testing"
)

func TestParseAptStatus(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       aptStatus
		ok         bool
	}{
		{"a download", "dlstatus:12:9.3000:Retrieving file 12 of 61", aptStatus{"dlstatus", "12", 9.3, "Retrieving file 12 of 61"}, true},
		{"a package", "pmstatus:libc6:43.5:Unpacking libc6 (amd64)", aptStatus{"pmstatus", "libc6", 43.5, "Unpacking libc6 (amd64)"}, true},
		{"colons in the text", "pmerror:x:100:subprocess: exit status: 1", aptStatus{"pmerror", "x", 100, "subprocess: exit status: 1"}, true},
		{"no text", "pmstatus:x:0:", aptStatus{"pmstatus", "x", 0, ""}, true},
		{"no percent", "pmstatus:x:soon:Unpacking x", aptStatus{}, false},
		{"more than all", "pmstatus:x:100.1:Unpacking x", aptStatus{}, false},
		{"less than nothing", "pmstatus:x:-1:Unpacking x", aptStatus{}, false},
		{"not a number", "pmstatus:x:NaN:Unpacking x", aptStatus{}, false},
		{"something else", "Reading package lists...", aptStatus{}, false},
		{"nothing", "", aptStatus{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, ok := parseAptStatus(test.line); got != test.want || ok != test.ok {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

// Whatever comes over the pipe, what is taken for progress is one.
func FuzzAptStatus(f *testing.F) {
	for _, line := range []string{"dlstatus:1:0.0000:Retrieving file 1 of 114", "pmstatus:sudo:92.7790:Removing sudo (amd64)", ":::", "a:b:1e1:c", "a:b:0x1p-2:c", "a:b:+Inf:c"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		status, ok := parseAptStatus(line)
		if !ok {
			return
		}
		if !(status.percent >= 0 && status.percent <= 100) || status.kind == "" || status.subject == "" {
			t.Errorf("%q is taken for %+v", line, status)
		}
		if !strings.HasPrefix(line, status.kind+":"+status.subject+":") || !strings.HasSuffix(line, ":"+status.text) {
			t.Errorf("%q was read as %+v", line, status)
		}
	})
}
