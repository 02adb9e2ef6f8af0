package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"wiabctl/provision/change"
)

// Artifact is a wire-server-deploy artifact in the deploy user's home: each
// version in a directory of its own, and a link to the active one.
type Artifact struct {
	Spec     Spec
	Store    Store
	Home     string // the deploy user's home directory
	UID, GID int    // the deploy user; needed to apply, not to plan

	// Belongings are the paths in a version's directory, as patterns of path.Match, of
	// what belongs to the installation: a version takes them over when it becomes active.
	Belongings []string
	// Idle fails while something works in the active version.
	Idle func(context.Context) error
}

// name is the directory that upstream's documentation and scripts speak of.
const name = "wire-server-deploy"

var version = regexp.MustCompile(`^` + name + `-[0-9a-f]{40}(\.part)?$`)

// Link is the path of the active version: <Home>/wire-server-deploy.
func (a Artifact) Link() string { return filepath.Join(a.Home, name) }

// Dir is the path of this version: <Home>/wire-server-deploy-<hash>.
func (a Artifact) Dir() string { return a.Link() + "-" + a.Spec.Hash }

// Fetched tells whether the verified .tgz is in the cache.
func (a Artifact) Fetched() bool {
	_, held := a.Download().Held()
	return held
}

// Download is the artifact's .tgz.
func (a Artifact) Download() Download {
	return a.Store.download("artifact", "artifact-"+a.Spec.Hash+".tgz", a.Spec.SHA256, append([]string{a.Spec.URL}, a.Spec.Mirrors...)...)
}

// Check reports what forbids to install the artifact: something foreign in its
// place (ArtifactForeign), or an unpacked one of another digest (ArtifactDigest).
func (a Artifact) Check(context.Context) error {
	_, err := a.observe()
	return err
}

// PlanFetch plans the download alone, and only where a digest is configured: so
// that a wrong one is refused before anything else is changed.
func (a Artifact) PlanFetch(context.Context) ([]change.Change, error) {
	seen, err := a.observe()
	if err != nil || seen.unpacked || a.Spec.SHA256 == "" || a.Fetched() {
		return nil, err
	}
	return []change.Change{{
		Verb: change.Create, Subject: "download " + a.Download().Name, Reason: "the artifact is not in the cache",
		Apply: func(ctx context.Context, say change.Progress) error {
			_, _, err := a.Download().Fetch(ctx, say)
			return err
		},
	}}, nil
}

// Plan compares what is unpacked and active with the Spec.
func (a Artifact) Plan(context.Context) ([]change.Change, error) {
	seen, err := a.observe()
	if err != nil {
		return nil, err
	}
	var plan []change.Change
	if !seen.unpacked {
		plan = append(plan, change.Change{
			Verb: change.Create, Subject: "directory " + a.Dir(), Reason: seen.missing, Apply: a.install,
		})
	}
	want := filepath.Base(a.Dir())
	switch seen.active {
	case want:
	case "":
		plan = append(plan, change.Change{
			Verb: change.Create, Subject: "link " + a.Link(), Reason: "it does not exist", Apply: a.activate,
		})
	default:
		plan = append(plan, change.Change{
			Verb: change.Update, Subject: "link " + a.Link(), Apply: a.activate,
			Reason: fmt.Sprintf("it leads to %s, configured is %s, which takes over what belongs to the installation", seen.active, want),
		})
	}
	return plan, nil
}

// install unpacks the version beside the others, while it still comes if it is not in the
// cache; it gets its name when whole.
func (a Artifact) install(ctx context.Context, say change.Progress) error {
	seen, err := a.observe() // again: what is foreign by now stays
	if err != nil || seen.unpacked {
		return err
	}
	part := a.Dir() + ".part"
	sum, err := a.Download().Follow(ctx, say, func(ctx context.Context, file io.Reader, total func() int64) error {
		return a.fill(ctx, part, file, total, say)
	})
	if err == nil {
		err = a.seal(part, sum)
	}
	if err != nil {
		return errors.Join(err, discard(part))
	}
	if err := os.Rename(part, a.Dir()); err != nil {
		return err
	}
	return syncDir(a.Home)
}

// fill unpacks into the directory part and checks what is in it. What is left there of an
// interruption goes first.
func (a Artifact) fill(ctx context.Context, part string, file io.Reader, total func() int64, say change.Progress) error {
	if err := discard(part); err != nil {
		return fmt.Errorf("clear an interrupted unpacking: %w", err)
	}
	if err := os.Mkdir(part, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(part, unfinished), nil, 0o644); err != nil {
		return err
	}
	if err := unpack(ctx, file, total, part, a.UID, a.GID, say); err != nil {
		return err
	}
	return complete(part, say)
}

// seal marks the version in part as whole and brings it to the disk.
func (a Artifact) seal(part, sum string) error {
	if err := mark(part, a.Spec.Hash, sum); err != nil {
		return err
	}
	return errors.Join(os.Remove(filepath.Join(part, unfinished)), syncAll(part))
}

// Remove plans the removal of every version that carries our marker, and of the
// link. The cache is kept, and so is all that is foreign.
func (a Artifact) Remove(context.Context) ([]change.Change, error) {
	var plan []change.Change
	unlink := func(link string) {
		plan = append(plan, change.Change{
			Verb: change.Delete, Subject: "link " + link, Reason: "it leads to an artifact of wiabctl",
			Apply: func(context.Context, change.Progress) error { return gone(os.Remove(link)) },
		})
	}
	if active, err := a.active(); err == nil && active != "" {
		unlink(a.Link())
	}
	if part := a.Link() + ".part"; leadsToVersion(part) {
		unlink(part)
	}
	entries, err := os.ReadDir(a.Home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		dir := filepath.Join(a.Home, e.Name())
		if !version.MatchString(e.Name()) || !ours(dir) {
			continue
		}
		plan = append(plan, change.Change{
			Verb: change.Delete, Subject: "directory " + dir, Reason: "it is an artifact of wiabctl",
			Apply: func(context.Context, change.Progress) error { return discard(dir) },
		})
	}
	return plan, nil
}
