package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of a long file the end is kept, without the line that was cut: a secret may stand across.
func TestFileEndIsOfWholeLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	for name, test := range map[string]struct {
		text string
		kept int
	}{
		"short":                 {"one line\nand another\n", 21},
		"just as long as it is": {strings.Repeat("x", keptEvidence), keptEvidence},
		"a line across":         {"one\ntwo planted\n" + strings.Repeat("y", keptEvidence-9) + "\n", keptEvidence - 8},
		"one line":              {strings.Repeat("planted", keptEvidence), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			end, err := fileEnd(file)
			if err != nil || len(end) != test.kept || strings.Contains(string(end), "planted") || !strings.HasSuffix(test.text, string(end)) {
				t.Errorf("of %d bytes are kept %d, %v", len(test.text), len(end), err)
			}
			if lines := lastLines([]byte(test.text), keptEvidence); len(lines) != test.kept {
				t.Errorf("the last lines have %d bytes", len(lines))
			}
		})
	}
	if _, err := fileEnd("/dev/null"); err == nil {
		t.Error("a device is read, which may go on for ever")
	}
}
