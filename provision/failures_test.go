package provision

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated documents anew")

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
		if (k.Exit < 3 || k.Exit > 125) && (k.Exit < 170 || k.Exit > 199) { // those between are the shell's
			t.Errorf("%s has the exit code %d, outside of 3 to 125 and 170 to 199", k.ID, k.Exit)
		}
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(k.ID) || k.Advice == "" || strings.Contains(k.Advice, "\n") {
			t.Errorf("%s: an id is of lower-case words, advice is one line: %q", k.ID, k.Advice)
		}
	}
}

// TestFailuresDocument keeps docs/failures.md equal to the catalogue.
func TestFailuresDocument(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# Failures\n\nEvery failure that a user can meet has an id, an exit code and advice. wiabctl prints the id in brackets.\n" +
		"An exit code of 1 is a failure that is in no catalogue. This page is made from the catalogue (`go test ./provision -update`).\n\n" +
		"| id | exit code | what to do |\n|---|---|---|\n")
	for _, k := range Kinds() {
		fmt.Fprintf(&doc, "| <a id=\"%[1]s\"></a>`%[1]s` | %[2]d | %[3]s |\n", k.ID, k.Exit, strings.ReplaceAll(k.Advice, "|", "\\|"))
	}
	const file = "../docs/failures.md"
	if *update {
		if err := os.WriteFile(file, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc.String(), string(have)); diff != "" {
		t.Errorf("%s differs from the catalogue (-want +have):\n%s", file, diff)
	}
}
