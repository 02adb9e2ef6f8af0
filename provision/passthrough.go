package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"wiabctl/cluster"
	"wiabctl/provision/change"
)

// InTools runs a session in the artifact's tools container, in the deploy directory, and
// returns its exit status.
func (i *Installation) InTools(ctx context.Context, s Session) (int, error) {
	if err := rootCheck(ctx); err != nil {
		return 0, err
	}
	return i.admin.InTools(ctx, s)
}

// Kubeconfig is the cluster's, whose user may do everything.
func (i *Installation) Kubeconfig(ctx context.Context) ([]byte, error) {
	if err := rootCheck(ctx); err != nil {
		return nil, err
	}
	config, err := i.api.Kubeconfig(ctx)
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, cluster.ClusterMissing.Failf("there is no cluster yet: %w", err)
	}
	return config, err
}

// MergeKubeconfig puts the cluster into a kubeconfig file under the deployment's name,
// which it returns, and keeps what else is there. The file is 0600 afterwards; one that
// is there keeps its owner, a link to one stays a link.
func (i *Installation) MergeKubeconfig(ctx context.Context, file string) (name string, err error) {
	name = i.config.Deployment
	from, err := i.Kubeconfig(ctx)
	if err != nil {
		return name, err
	}
	into, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return name, err
	}
	merged, err := cluster.MergeKubeconfig(into, from, name)
	if err != nil {
		return name, fmt.Errorf("%s: %w", file, err)
	}
	if err = os.MkdirAll(filepath.Dir(file), 0o700); err == nil {
		err = replaceFile(file, merged, renameio.WithStaticPermissions(0o600))
	}
	if err != nil {
		return name, FileUnwritable.Failf("the kubeconfig: %w", err)
	}
	return name, nil
}
