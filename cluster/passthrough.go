package cluster

import (
	"context"
	"errors"
	"io/fs"
)

// InTools runs a session in the artifact's tools container, where kubectl and helm know
// the cluster, as upstream's function d does (contract section 8.1); helm knows the
// overlays too. The working directory is the deploy directory. It fails with
// ClusterMissing while there is none, and otherwise as Target.Attach does.
func (a *Admin) InTools(ctx context.Context, s Session) (status int, err error) {
	switch _, err := a.Read(ctx, toolsFile); {
	case errors.Is(err, fs.ErrNotExist):
		return 0, ClusterMissing.Failf("there is no %s: the artifact is not unpacked yet", a.path(toolsFile))
	case err != nil:
		return 0, err
	}
	client, err := a.connect(ctx)
	if err != nil {
		return 0, err
	}
	s.Argv = append([]string{a.path(toolsFile)}, s.Argv...)
	return client.attach(ctx, s)
}
