package provision

import (
	"context"
	"fmt"
	"strings"

	"wiabctl/assets"
	"wiabctl/cluster"
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

// Version is an unpacked version of the artifact.
type Version = assets.Version

// Versions lists the unpacked versions of the artifact, the oldest first.
func (i *Installation) Versions() ([]Version, error) { return i.artifact().Versions() }

// versionDirs are their directories.
func (i *Installation) versionDirs() ([]string, error) {
	versions, err := i.Versions()
	var dirs []string
	for _, v := range versions {
		dirs = append(dirs, v.Dir)
	}
	return dirs, err
}

// jobsIdle fails while a script of the active version still runs.
func (i *Installation) jobsIdle(ctx context.Context) error {
	running, err := cluster.Receipts{Admin: i.admin}.Running(ctx)
	if err == nil && len(running) > 0 {
		err = fmt.Errorf("a script of it still runs: %s", strings.Join(running, ", "))
	}
	return err
}
