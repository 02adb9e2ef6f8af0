package provision

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wiabctl/assets"
	"wiabctl/network"
	"wiabctl/provision/change"
)

func TestExplain(t *testing.T) {
	for _, word := range []string{"port-taken", "[port-taken]", "Port-Taken", "40"} {
		if kind, err := Explain(word); err != nil || kind != network.PortTaken {
			t.Errorf("%s: %v, %v", word, kind, err)
		}
	}
	if kind, err := Explain("1"); err != nil || kind != Unlisted {
		t.Errorf("exit code 1: %v, %v", kind, err)
	}
	for word, says := range map[string]string{"port-takn": "the nearest is port-taken", "200": "no failure has the exit code 200", "dns-rong": "the nearest is dns-wrong", "": "nearest"} {
		if _, err := Explain(word); !errors.Is(err, FailureUnknown.Failf("")) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", word, err, says)
		}
	}
}

func TestKindsOf(t *testing.T) {
	taken := network.PortTaken.Failf("port 80 is taken by nginx")
	denied := Unlisted // nobody can give root more rights
	if os.Geteuid() != 0 {
		denied = NotRoot
	}
	for _, test := range []struct {
		name string
		err  error
		want []change.Kind
	}{
		{"each once, in order", errors.Join(fmt.Errorf("network: %w", taken), NotRoot.Failf("you are nobody"), taken), []change.Kind{network.PortTaken, NotRoot}},
		{"a full disk", fmt.Errorf("write the marker: %w", &os.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}), []change.Kind{assets.NoSpace}},
		{"a quota", syscall.EDQUOT, []change.Kind{assets.NoSpace}},
		{"an id counts more than a cause", NotConverged.Failf("%w", syscall.ENOSPC), []change.Kind{NotConverged}},
		{"no rights", &os.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, []change.Kind{denied}},
		{"anything else", errors.New("the moon"), []change.Kind{Unlisted}},
	} {
		if got := KindsOf(test.err); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
