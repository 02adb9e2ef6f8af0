package provision

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestKindsAreUnique(t *testing.T) {
	ids, exits := map[string]bool{}, map[int]string{}
	for _, k := range Kinds() {
		if ids[k.ID] {
			t.Errorf("two kinds have the id %s", k.ID)
		}
		ids[k.ID] = true
		if other, taken := exits[k.Exit]; taken {
			t.Errorf("%s and %s have the exit code %d", k.ID, other, k.Exit)
		}
		exits[k.Exit] = k.ID
		if k != Unlisted && (k.Exit < 2 || k.Exit > 125) && (k.Exit < 170 || k.Exit > 199) { // those between are the shell's
			t.Errorf("%s has the exit code %d, outside of 2 to 125 and 170 to 199", k.ID, k.Exit)
		}
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(k.ID) {
			t.Errorf("%q: an id is of lower-case words", k.ID)
		}
		for _, text := range []string{k.Means, k.Advice} {
			if text == "" || strings.Contains(text, "\n") {
				t.Errorf("%s: meaning and advice are one line each: %q", k.ID, text)
			}
		}
	}
}

// TestFailuresDocument keeps docs/failures.md equal to the catalogue.
func TestFailuresDocument(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# Failures\n\nEvery failure that a user can meet has an id, an exit code and advice. wiabctl prints the id in brackets, and\n" +
		"`wiabctl explain ID` what stands here. This page is made from the catalogue (`go test ./provision -update`).\n\n" +
		"| id | exit code | it means | what to do |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", "\\|")
	for _, k := range Kinds() {
		fmt.Fprintf(&doc, "| <a id=\"%[1]s\"></a>`%[1]s` | %[2]d | %[3]s | %[4]s |\n", k.ID, k.Exit, cell.Replace(k.Means), cell.Replace(k.Advice))
	}
	doc.WriteString("\n## What preflight finds\n\n`wiabctl preflight` tells of these, and names a command that mends it or helps to; it often knows a better one, such as the service\n" +
		"that holds a port. As a warning each can be ignored (`--ignore ID`), as what refuses a run only where the last column says so.\n\n" +
		"| id | it breaks | command | may be ignored |\n|---|---|---|---|\n")
	for _, k := range Kinds() {
		if k.Breaks == "" {
			continue
		}
		may := "no"
		if k.Overrulable {
			may = "yes"
		}
		fmt.Fprintf(&doc, "| [`%[1]s`](#%[1]s) | %[2]s | `%[3]s` | %[4]s |\n", k.ID, cell.Replace(k.Breaks), cell.Replace(k.Command), may)
	}
	golden(t, "../docs/failures.md", []byte(doc.String()))
}
