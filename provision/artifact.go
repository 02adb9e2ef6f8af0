package provision

import (
	"context"
	"os"
	"path/filepath"

	"wiabctl/assets"
	"wiabctl/provision/change"
)

// artifactStage is the stage of the artifact. The deploy user's home and numbers
// are looked up at each plan, for the user may have come since.
type artifactStage struct{ artifact func() assets.Artifact }

// Name of the stage.
func (artifactStage) Name() string { return "assets" }

// Plan compares what is unpacked with the configured artifact.
func (s artifactStage) Plan(ctx context.Context) ([]change.Change, error) {
	return s.artifact().Plan(ctx)
}

// Remove takes the unpacked artifacts away, and the cache of all downloads.
func (s artifactStage) Remove(ctx context.Context) ([]change.Change, error) {
	artifact := s.artifact()
	changes, err := artifact.Remove(ctx)
	return append(changes, artifact.Store.Held().Remove()...), err
}

// artifactCheck refuses another artifact than the installed one: its tree would
// begin without the inventory, the overlays and the receipts of this one.
func (i *Installation) artifactCheck(context.Context) error {
	a := i.artifact()
	active, err := os.Readlink(a.Link())
	if err != nil || filepath.Base(active) == filepath.Base(a.Dir()) {
		return nil //nolint:nilerr // no link, no installation; what is no link is Check's concern
	}
	return ArtifactOther.Failf("%s is installed, configured is %s", filepath.Base(active), filepath.Base(a.Dir()))
}
