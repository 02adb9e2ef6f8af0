package cmd

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wiabctl/provision"
)

// TestConfirm asks beside the output, and takes nothing but a yes for one.
func TestConfirm(t *testing.T) {
	for answer, agreed := range map[string]bool{"yes\n": true, " yes \n": true, "yes": true, "y\n": false, "\n": false, "": false, "no\n": false, "yes please\n": false} {
		c := newRoot()
		var out, beside bytes.Buffer
		c.SetIn(strings.NewReader(answer))
		c.SetOut(&out)
		c.SetErr(&beside)
		c.SetContext(t.Context())
		err := confirm(c, "Make these changes?")
		if (err == nil) != agreed || err != nil && !errors.Is(err, provision.NotConfirmed.Failf("")) {
			t.Errorf("%q: %v", answer, err)
		}
		if out.Len() > 0 || !strings.Contains(beside.String(), "Make these changes?") {
			t.Errorf("%q: the output has %q, beside it stands %q", answer, out.String(), beside.String())
		}
	}
}
