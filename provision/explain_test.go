package provision

import (
	"errors"
	"strings"
	"testing"

	"wiabctl/network"
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
