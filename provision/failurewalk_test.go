package provision_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision"
)

// TestFailureWalk walks the code of all stages, as the compiler understands it.
func TestFailureWalk(t *testing.T) {
	w := walk(t)
	t.Run("every kind is listed", func(t *testing.T) { kindsAreListed(t, w) })
	t.Run("errors without an id are reviewed", func(t *testing.T) { errorsAreReviewed(t, w) })
	t.Run("failures hand on what was said", func(t *testing.T) {
		for _, failure := range slices.Sorted(maps.Keys(w.swallowed())) {
			t.Errorf("the error beneath is lost: %s", failure)
		}
	})
}

// kindsAreListed looks for kinds in the code that no Kinds() lists.
func kindsAreListed(t *testing.T, w *walker) {
	listed := map[string]bool{}
	for _, k := range provision.Kinds() {
		listed[k.ID] = true
	}
	ids := w.kinds()
	for _, id := range ids {
		if !listed[id] {
			t.Errorf("the kind %s is in no list of Kinds()", id)
		}
	}
	if len(ids) < 100 {
		t.Errorf("%d kinds are found in the code: the walk has lost its way", len(ids))
	}
}

// errorsAreReviewed follows what stages return back to where errors are made. Those of ours that come out of a stage
// without an id are listed in a file, so that somebody looks at each new one: it gets an id if people can act on it.
func errorsAreReviewed(t *testing.T, w *walker) {
	for f := range w.functions {
		if plans(f) {
			w.returned(f, 1)
		}
	}
	for _, apply := range w.stores[changePkg+".Change.Apply"] {
		w.call(apply, 0)
	}
	found := strings.Join(slices.Sorted(maps.Keys(w.found)), "\n") + "\n"
	if n := len(w.found); n < 10 || n > 100 {
		t.Errorf("%d errors are found: the walk has lost its way", n)
	}
	const file = "testdata/withoutid.golden.txt"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(found), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reviewed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(reviewed), found); diff != "" {
		t.Errorf("errors leave a stage without an id; give each new one a change.Kind if people can act on it, else run this with -update (-reviewed +found):\n%s", diff)
	}
}
