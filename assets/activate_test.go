package assets

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// twoVersions are an active version in which an installation has lived, and another
// that is unpacked beside it.
func twoVersions(t *testing.T) (lived, next Artifact) {
	t.Helper()
	lived = artifact(t, small(t, text("values/webapp/prod-values.example.yaml", "shipped: 1")))
	lived.Belongings = []string{"ssh", "ansible/inventory/offline/inventory.yml", "wiab/jobs", "values/*/values.yaml"}
	install(t, lived)
	for place, mode := range map[string]fs.FileMode{
		"ssh/id_ed25519": 0o600, "ssh/known_hosts": 0o644, "ansible/inventory/offline/inventory.yml": 0o640,
		"wiab/jobs/helm/receipt.json": 0o600, "wiab/images": 0o600, "values/webapp/values.yaml": 0o644, "values/webapp/values.yaml.bak.1": 0o644,
	} {
		path := write(t, filepath.Join(lived.Dir(), place), []byte("of the installation: "+place))
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(lived.Dir(), "ssh"), 0o700), os.Symlink("id_ed25519", filepath.Join(lived.Dir(), "ssh/default"))); err != nil {
		t.Fatal(err)
	}
	next = lived
	next.Spec.Hash = strings.Repeat("b", 40)
	next.Spec.URL = "file://" + write(t, filepath.Join(t.TempDir(), "next.tgz"), small(t, text("values/webapp/prod-values.example.yaml", "shipped: 2")))
	plan, err := next.Plan(t.Context())
	if err != nil || len(plan) != 2 {
		t.Fatalf("%v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan[:1]); err != nil {
		t.Fatal(err)
	}
	return lived, next
}

// carried are the lines of a listing about what belongs to the installation.
func carried(t *testing.T, a Artifact) []string {
	t.Helper()
	return slices.DeleteFunc(listing(t, a.Dir()), func(line string) bool {
		return !strings.Contains(line, " ssh") && !strings.Contains(line, "inventory.yml") && !strings.Contains(line, "wiab/jobs") && !strings.HasSuffix(line, "/values.yaml")
	})
}

func leads(t *testing.T, a Artifact) bool {
	t.Helper()
	target, err := os.Readlink(a.Link())
	if err != nil {
		t.Fatal(err)
	}
	return target == filepath.Base(a.Dir())
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestActivationCarriesOver(t *testing.T) {
	lived, next := twoVersions(t)
	if os.Geteuid() == 0 {
		if err := os.Lchown(filepath.Join(lived.Dir(), "wiab/jobs/helm/receipt.json"), 12345, 23456); err != nil {
			t.Fatal(err)
		}
	}
	old := listing(t, lived.Dir())
	install(t, next)
	if !leads(t, next) {
		t.Fatal("the next version is not active")
	}
	want := carried(t, lived)
	if diff := cmp.Diff(want, carried(t, next)); diff != "" || len(want) < 7 {
		t.Errorf("carried over (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(old, listing(t, lived.Dir())); diff != "" {
		t.Errorf("the former version's tree (-was +is):\n%s", diff)
	}
	for _, place := range []string{"ssh/default", "values/webapp/values.yaml", "wiab/jobs/helm/receipt.json"} {
		if was, is := content(t, filepath.Join(lived.Dir(), place)), content(t, filepath.Join(next.Dir(), place)); was != is {
			t.Errorf("%s: %q became %q", place, was, is)
		}
	}
	if os.Geteuid() == 0 {
		info, err := os.Stat(filepath.Join(next.Dir(), "wiab/jobs/helm/receipt.json"))
		if err != nil {
			t.Fatal(err)
		}
		if uid, gid := owner(info); uid != 12345 || gid != 23456 {
			t.Errorf("the receipt belongs to %d:%d", uid, gid)
		}
	}
	if shipped := content(t, filepath.Join(next.Dir(), "values/webapp/prod-values.example.yaml")); shipped != "shipped: 2" {
		t.Errorf("the version's own file says %q", shipped)
	}
	for _, place := range []string{"wiab/images", "values/webapp/values.yaml.bak.1"} {
		if exists(filepath.Join(next.Dir(), place)) {
			t.Errorf("%s came along", place)
		}
	}
}

// TestActivationMirrors goes on to a version and back: what was changed or taken away
// in between is so in the former version too.
func TestActivationMirrors(t *testing.T) {
	lived, next := twoVersions(t)
	install(t, next)
	write(t, filepath.Join(next.Dir(), "ansible/inventory/offline/inventory.yml"), []byte("edited"))
	write(t, filepath.Join(next.Dir(), "values/added/values.yaml"), []byte("a chart that only this version has"))
	if err := os.RemoveAll(filepath.Join(next.Dir(), "wiab/jobs/helm")); err != nil {
		t.Fatal(err)
	}
	install(t, lived)
	if diff := cmp.Diff(carried(t, next), carried(t, lived)); diff != "" || !leads(t, lived) {
		t.Errorf("after the way back (-left +found):\n%s", diff)
	}
	if is := content(t, filepath.Join(lived.Dir(), "ansible/inventory/offline/inventory.yml")); is != "edited" {
		t.Errorf("the inventory says %q", is)
	}
	if !exists(filepath.Join(lived.Dir(), "wiab/images")) {
		t.Error("what is the version's own is gone")
	}
}

// ending is a context that ends when it was asked a number of times.
type ending struct {
	context.Context
	left *int
}

func (e ending) Err() error {
	if *e.left--; *e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestActivationInterrupted ends the activation before each file that it copies: the
// former version stays active and whole, and the next try makes it good.
func TestActivationInterrupted(t *testing.T) {
	lived, next := twoVersions(t)
	old := listing(t, lived.Dir())
	for steps := 0; ; steps++ {
		left := steps
		err := next.activate(ending{t.Context(), &left}, nil)
		if err == nil {
			if steps < 8 {
				t.Errorf("only %d moments were tried", steps)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || !leads(t, lived) {
			t.Fatalf("interrupted before step %d: %v; the link was switched: %t", steps, err, !leads(t, lived))
		}
		if diff := cmp.Diff(old, listing(t, lived.Dir())); diff != "" {
			t.Fatalf("interrupted before step %d, the active version (-was +is):\n%s", steps, diff)
		}
	}
	if diff := cmp.Diff(carried(t, lived), carried(t, next)); diff != "" || !leads(t, next) {
		t.Errorf("carried over in the end (-want +got):\n%s", diff)
	}
}

// TestActivationKilledLate begins where a kill left things between two steps.
func TestActivationKilledLate(t *testing.T) {
	for name, left := range map[string]func(t *testing.T, lived, next Artifact){
		"the marker is half written": func(t *testing.T, _, next Artifact) { write(t, filepath.Join(next.Dir(), marker+".part"), []byte("{")) },
		"all is carried over, the link not switched": func(t *testing.T, lived, next Artifact) {
			if err := next.succeed(t.Context(), filepath.Base(lived.Dir()), nil); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(lived.Dir(), "ssh/known_hosts"), []byte("changed since"))
		},
		"the new link is there under its first name": func(t *testing.T, _, next Artifact) {
			if err := os.Symlink(filepath.Base(next.Dir()), next.Link()+".part"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			lived, next := twoVersions(t)
			left(t, lived, next)
			if versions, err := lived.Versions(); err != nil || len(versions) != 2 {
				t.Errorf("versions: %+v, %v", versions, err)
			} else if previous, found := Previous(versions); found {
				t.Errorf("%s never was active, and counts as the previous version", previous.Hash)
			}
			install(t, next)
			if diff := cmp.Diff(carried(t, lived), carried(t, next)); diff != "" {
				t.Errorf("carried over (-want +got):\n%s", diff)
			}
			if was, is := content(t, filepath.Join(lived.Dir(), "ssh/known_hosts")), content(t, filepath.Join(next.Dir(), "ssh/known_hosts")); was != is {
				t.Errorf("known_hosts: %q became %q", was, is)
			}
		})
	}
}

func TestActivationIsNotLedAstray(t *testing.T) {
	outside := t.TempDir()
	secret := write(t, filepath.Join(outside, "secret"), []byte("of root alone"))
	replace := func(t *testing.T, path string, with func(string) error) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(path), with(path)); err != nil {
			t.Fatal(err)
		}
	}
	linkTo := func(target string) func(string) error {
		return func(path string) error { return os.Symlink(target, path) }
	}
	for name, plant := range map[string]func(t *testing.T, lived, next Artifact){
		"a file is a link out": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "ssh/known_hosts"), linkTo(secret))
		},
		"a file is a link upwards": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "ssh/known_hosts"), linkTo("../../x"))
		},
		"a named file is a link out": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "ansible/inventory/offline/inventory.yml"), linkTo(secret))
		},
		"a directory is a link out": func(t *testing.T, lived, _ Artifact) { replace(t, filepath.Join(lived.Dir(), "ssh"), linkTo(outside)) },
		"a directory above is a link": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "wiab"), linkTo("charts"))
			write(t, filepath.Join(lived.Dir(), "charts/jobs/x"), nil)
		},
		"a directory of many is a link": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "values"), linkTo(outside))
		},
		"a file is a pipe": func(t *testing.T, lived, _ Artifact) {
			replace(t, filepath.Join(lived.Dir(), "ssh/known_hosts"), func(path string) error { return unix.Mkfifo(path, 0o600) })
		},
		"the target has a link out":    func(t *testing.T, _, next Artifact) { replace(t, filepath.Join(next.Dir(), "wiab"), linkTo(outside)) },
		"the target has a link inside": func(t *testing.T, _, next Artifact) { replace(t, filepath.Join(next.Dir(), "wiab"), linkTo("charts")) },
		"the active version is a link": func(t *testing.T, lived, _ Artifact) {
			moved := filepath.Join(filepath.Dir(lived.Dir()), "moved")
			replace(t, moved, func(string) error { return os.Rename(lived.Dir(), moved) })
			replace(t, lived.Dir(), linkTo("moved"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			lived, next := twoVersions(t)
			plant(t, lived, next)
			before := listing(t, outside)
			err := next.activate(t.Context(), nil)
			if !errors.Is(err, CarryUnsafe.Failf("")) && !errors.Is(err, ArtifactForeign.Failf("")) {
				t.Errorf("got %v; want a refusal", err)
			}
			if !leads(t, lived) {
				t.Error("the link was switched")
			}
			if diff := cmp.Diff(before, listing(t, outside)); diff != "" || content(t, secret) != "of root alone" {
				t.Errorf("outside of the trees (-was +is):\n%s", diff)
			}
			for _, line := range listing(t, next.Dir()) {
				if strings.HasSuffix(line, "/secret") {
					t.Errorf("led to what is outside: %s", line)
				}
			}
		})
	}
}

func TestActivationWaitsForWork(t *testing.T) {
	lived, next := twoVersions(t)
	receipt := filepath.Join(lived.Dir(), "wiab/jobs/helm/receipt.json")
	busy := errors.New("wiabctl-job-helm.service")
	asked := 0
	next.Idle = func(context.Context) error {
		if asked++; asked < 2 {
			return busy
		}
		write(t, receipt, []byte("written at the end of the work"))
		return nil
	}
	install(t, next)
	if is := content(t, filepath.Join(next.Dir(), "wiab/jobs/helm/receipt.json")); is != "written at the end of the work" {
		t.Errorf("carried over before the work had ended: %q", is)
	}

	lived.Idle = func(context.Context) error { return busy }
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := lived.activate(ctx, nil); !errors.Is(err, busy) || !leads(t, next) {
		t.Errorf("while there is work: %v, switched %t", err, !leads(t, next))
	}
}

// TestActiveVersionOutlivesABadOne lets the next version fail while it is unpacked, and
// be killed there; then it comes whole.
func TestActiveVersionOutlivesABadOne(t *testing.T) {
	lived, next := twoVersions(t)
	good := next.Spec.URL
	next.Spec.Hash = strings.Repeat("c", 40)
	whole := small(t)
	next.Spec.URL = "file://" + write(t, filepath.Join(t.TempDir(), "cut.tgz"), whole[:len(whole)-10])
	old := listing(t, lived.Dir())
	plan, err := next.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := apply(t, plan); !errors.Is(err, ArtifactCorrupt.Failf("")) {
		t.Errorf("got %v", err)
	}
	write(t, filepath.Join(next.Dir()+".part", unfinished), nil)
	write(t, filepath.Join(next.Dir()+".part", "ssh/id_ed25519"), []byte("half"))
	next.Spec.URL = good
	if plan, err = next.Plan(t.Context()); err != nil || !strings.Contains(subjects(plan), "an earlier unpacking was interrupted") {
		t.Errorf("%v\n%s", err, subjects(plan))
	}
	if diff := cmp.Diff(old, listing(t, lived.Dir())); diff != "" || !leads(t, lived) {
		t.Errorf("the active version (-was +is):\n%s", diff)
	}
	install(t, next)
	if diff := cmp.Diff(carried(t, lived), carried(t, next)); diff != "" || !leads(t, next) {
		t.Errorf("carried over (-want +got):\n%s", diff)
	}
}

func TestVersions(t *testing.T) {
	lived, next := twoVersions(t)
	write(t, filepath.Join(lived.Home, name+"-"+strings.Repeat("c", 40)+".part", unfinished), nil)
	write(t, filepath.Join(lived.Home, name+"-"+strings.Repeat("d", 40), "foreign"), nil)
	write(t, filepath.Join(lived.Home, name+"-"+strings.Repeat("e", 40), marker), []byte(`{"hash": "`+someHash+`"}`))
	install(t, next)
	versions, err := lived.Versions()
	if err != nil || len(versions) != 2 {
		t.Fatalf("%+v, %v", versions, err)
	}
	first, second := versions[0], versions[1]
	if first.Hash != lived.Spec.Hash || first.Dir != lived.Dir() || first.URL != lived.Spec.URL || first.Active || len(first.SHA256) != 64 {
		t.Errorf("the former: %+v", first)
	}
	if second.Hash != next.Spec.Hash || second.URL != next.Spec.URL || !second.Active || !second.Activated.After(first.Activated) {
		t.Errorf("the active: %+v", second)
	}
	if previous, found := Previous(versions); !found || previous.Hash != lived.Spec.Hash {
		t.Errorf("previous: %+v, %t", previous, found)
	}
	install(t, lived)
	if versions, err = lived.Versions(); err != nil {
		t.Fatal(err)
	}
	if previous, found := Previous(versions); !found || previous.Hash != next.Spec.Hash {
		t.Errorf("previous after the way back: %+v, %t", previous, found)
	}
	nobody := Artifact{Home: filepath.Join(t.TempDir(), "nobody")}
	if versions, err := nobody.Versions(); err != nil || len(versions) > 0 {
		t.Errorf("on a bare host: %+v, %v", versions, err)
	}
}
