package network

import (
	"slices"
	"strings"
	"testing"
)

func TestHealthNeedsTwoInARow(t *testing.T) {
	for _, tc := range []struct {
		name   string
		probes string // . answers, x does not
		out    bool
		turns  int // how often the kubenode comes or goes
	}{
		{"always there", "....", false, 0},
		{"one packet lost", ".x.x.", false, 0},
		{"dies", "..xx", true, 1},
		{"stays dead", "xxxxxx", true, 1},
		{"one answer of the dying", "xx.x.x", true, 1},
		{"dies and returns", "xx..", false, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var node health
			turns := 0
			for _, probe := range tc.probes {
				if node.note(probe == 'x') {
					turns++
				}
			}
			if node.out != tc.out || turns != tc.turns {
				t.Errorf("out %v after %d turns, want %v after %d", node.out, turns, tc.out, tc.turns)
			}
		})
	}
}

func TestFitIsNeverEmpty(t *testing.T) {
	for _, tc := range []struct{ out, want string }{
		{"", "a b c"},
		{"b", "a c"},
		{"a b", "c"},
		{"a b c", "a b c"},
	} {
		var all fleet
		for _, name := range []string{"a", "b", "c"} {
			all = append(all, health{Target: Target{Name: name}, out: slices.Contains(strings.Fields(tc.out), name)})
		}
		if got := strings.Join(all.fit(), " "); got != tc.want {
			t.Errorf("without %q the traffic goes to %q, want %q", tc.out, got, tc.want)
		}
	}
}

func TestTargets(t *testing.T) {
	for _, text := range []string{"kubenode1=192.168.122.21:31773", "kube-node-2=10.0.0.1:1"} {
		if got, err := ParseTarget(text); err != nil || got.String() != text {
			t.Errorf("%q is read as %q (%v)", text, got, err)
		}
	}
	for _, text := range []string{"", "kubenode1", "kubenode1=", "=192.168.122.21:31773", "kubenode1=192.168.122.21", "kubenode1=[::1]:31773", "a;b=192.168.122.21:31773", "kubenode1=name:31773"} {
		if got, err := ParseTarget(text); err == nil {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestCommandLineInTheUnit(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/local/bin/wiabctl": "/usr/local/bin/wiabctl network",
		"/opt/my tools/wiabctl":  `"/opt/my tools/wiabctl" network`,
		"/opt/100%/wiabctl":      "/opt/100%%/wiabctl network",
		`/opt/"/wiabctl`:         `"/opt/\"/wiabctl" network`,
	} {
		if got := quoted([]string{program, "network"}); got != want {
			t.Errorf("%s is written %s, want %s", program, got, want)
		}
	}
}
