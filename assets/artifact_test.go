package assets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// artifact is one whose URL is a file with the content.
func artifact(t *testing.T, content []byte) Artifact {
	t.Helper()
	base := t.TempDir()
	source := write(t, filepath.Join(base, "source.tgz"), content)
	a := Artifact{
		Spec:  Spec{Hash: someHash, URL: "file://" + source},
		Store: Store{Cache: filepath.Join(base, "cache"), Pins: Pins{filepath.Join(base, "pins")}},
		Home:  filepath.Join(base, "home"),
		UID:   os.Geteuid(), GID: os.Getegid(),
	}
	if err := os.Mkdir(a.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	return a
}

// apply makes all changes, in order.
func apply(t *testing.T, plan []change.Change) error {
	t.Helper()
	for _, c := range plan {
		if err := c.Apply(t.Context(), nil); err != nil {
			return err
		}
	}
	return nil
}

func subjects(plan []change.Change) string {
	var lines []string
	for _, c := range plan {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "\n")
}

// install plans and applies, and plans again.
func install(t *testing.T, a Artifact) {
	t.Helper()
	plan, err := a.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	if again, err := a.Plan(t.Context()); err != nil || len(again) > 0 {
		t.Fatalf("planned again: %v\n%s", err, subjects(again))
	}
}

func TestArtifact(t *testing.T) {
	a := artifact(t, small(t, text("charts/x/Chart.yaml", "name: x")))
	plan, err := a.Plan(t.Context())
	if err != nil || len(plan) != 2 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if entries, err := os.ReadDir(a.Home); err != nil || len(entries) > 0 {
		t.Errorf("planning wrote %v, %v", entries, err)
	}
	install(t, a)
	if target, err := os.Readlink(a.Link()); err != nil || target != filepath.Base(a.Dir()) {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if _, err := os.Stat(filepath.Join(a.Link(), "charts/x/Chart.yaml")); err != nil {
		t.Error(err)
	}
	r, err := readReceipt(a.Dir())
	if err != nil || r.Hash != someHash || r.SHA256 != sha(small(t, text("charts/x/Chart.yaml", "name: x"))) || r.When.IsZero() {
		t.Errorf("marker %+v, %v", r, err)
	}
	if exists(filepath.Join(a.Dir(), unfinished)) || exists(a.Dir()+".part") {
		t.Error("something unfinished is left")
	}
}

func TestArtifactNeedsNoCacheOnceUnpacked(t *testing.T) {
	a := artifact(t, small(t))
	a.Spec.SHA256 = sha(small(t))
	install(t, a)
	if err := os.RemoveAll(a.Store.Cache); err != nil {
		t.Fatal(err)
	}
	for name, plan := range map[string]func() ([]change.Change, error){
		"plan":  func() ([]change.Change, error) { return a.Plan(t.Context()) },
		"fetch": func() ([]change.Change, error) { return a.PlanFetch(t.Context()) },
	} {
		if changes, err := plan(); err != nil || len(changes) > 0 {
			t.Errorf("%s: %v\n%s", name, err, subjects(changes))
		}
	}
}

func TestPlanFetch(t *testing.T) {
	a := artifact(t, small(t))
	if plan, err := a.PlanFetch(t.Context()); err != nil || len(plan) != 0 {
		t.Errorf("without a digest: %v\n%s", err, subjects(plan))
	}
	a.Spec.SHA256 = sha([]byte("another"))
	plan, err := a.PlanFetch(t.Context())
	if err != nil || len(plan) != 1 {
		t.Fatalf("with a digest: %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); !errors.Is(err, ArtifactDigest.Failf("")) {
		t.Errorf("got %v", err)
	}
	a.Spec.SHA256 = sha(small(t))
	if plan, err = a.PlanFetch(t.Context()); err != nil || apply(t, plan) != nil || !a.Fetched() {
		t.Errorf("right digest: %v, fetched %t", err, a.Fetched())
	}
	if plan, err := a.PlanFetch(t.Context()); err != nil || len(plan) != 0 {
		t.Errorf("once fetched: %v\n%s", err, subjects(plan))
	}
}

func TestArtifactOfAnotherDigestIsRefused(t *testing.T) {
	a := artifact(t, small(t))
	install(t, a)
	a.Spec.SHA256 = sha([]byte("another"))
	if err := a.Check(t.Context()); !errors.Is(err, ArtifactDigest.Failf("")) {
		t.Errorf("got %v", err)
	}
}

func TestArtifactVersionsStandSideBySide(t *testing.T) {
	a := artifact(t, small(t))
	install(t, a)
	b := a
	b.Spec.Hash = strings.Repeat("b", 40)
	plan, err := b.Plan(t.Context())
	if err != nil || len(plan) != 2 || plan[1].Verb != change.Update {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	install(t, b)
	if !exists(a.Dir()) {
		t.Error("the former version is gone")
	}
	plan, err = a.Plan(t.Context()) // and back: a link, nothing more
	if err != nil || len(plan) != 1 {
		t.Errorf("got %v\n%s", err, subjects(plan))
	}
}

func TestArtifactRefusesContents(t *testing.T) {
	whole := small(t)
	tests := map[string]struct {
		archive []byte
		want    error
		cached  bool // the download is kept
	}{
		"incomplete": {tgz(t, text("bin/helm-operations.sh", ""), text("charts", "")), ArtifactIncomplete.Failf(""), true},
		"nested":     {tgz(t, text("wire-server-deploy/bin/helm-operations.sh", "")), ArtifactIncomplete.Failf(""), true},
		"hostile":    {small(t, text("../evil", "x")), ArtifactUnsafe.Failf(""), true},
		"cut short":  {whole[:len(whole)-10], ArtifactCorrupt.Failf(""), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := artifact(t, test.archive)
			plan, err := a.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := apply(t, plan); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if left := listing(t, a.Home); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if a.Fetched() != test.cached {
				t.Errorf("in the cache: %t, want %t", a.Fetched(), test.cached)
			}
		})
	}
}

func TestArtifactRemove(t *testing.T) {
	a := artifact(t, small(t))
	install(t, a)
	write(t, filepath.Join(a.Home, name+"-"+strings.Repeat("c", 40)+".part", unfinished), nil)
	if err := os.Symlink(filepath.Base(a.Dir()), a.Link()+".part"); err != nil {
		t.Fatal(err)
	}
	foreign := []string{
		write(t, filepath.Join(a.Home, name+"-"+strings.Repeat("f", 40), "x"), nil),
		write(t, filepath.Join(a.Home, name+"-mine", marker), nil),
		write(t, filepath.Join(a.Home, "notes"), nil),
	}
	plan, err := a.Remove(t.Context())
	if err != nil || len(plan) != 4 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	for _, path := range foreign {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
	if entries, err := os.ReadDir(a.Home); err != nil || len(entries) != len(foreign) {
		t.Errorf("left: %v, %v", entries, err)
	}
	if again, err := a.Remove(t.Context()); err != nil || len(again) > 0 || !a.Fetched() {
		t.Errorf("again: %v\n%s; still cached %t", err, subjects(again), a.Fetched())
	}
}

func TestArtifactRemoveOnABareHost(t *testing.T) {
	a := Artifact{Spec: Spec{Hash: someHash}, Home: filepath.Join(t.TempDir(), "nobody")}
	if plan, err := a.Remove(t.Context()); err != nil || len(plan) > 0 {
		t.Errorf("got %v\n%s", err, subjects(plan))
	}
	if plan, err := a.Plan(t.Context()); err != nil || len(plan) != 2 {
		t.Errorf("plan: %v\n%s", err, subjects(plan))
	}
}

func TestArtifactBelongsToTheDeployUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	a := artifact(t, small(t, link("charts/l", "../bin/offline-env.sh")))
	a.UID, a.GID = 12345, 23456
	install(t, a)
	for _, path := range []string{"", "bin", "bin/offline-env.sh", "charts/l", "ansible/inventory"} {
		info, err := os.Lstat(filepath.Join(a.Dir(), path))
		if err != nil {
			t.Fatal(err)
		}
		if uid, gid := owner(info); uid != 12345 || gid != 23456 {
			t.Errorf("%q belongs to %d:%d", path, uid, gid)
		}
	}
}
