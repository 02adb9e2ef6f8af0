package cluster

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"

	"wiabctl/provision/change"
)

// API asks the Kubernetes API of the cluster. It only reads; what is changed is
// changed by helm in the tools container.
type API struct {
	Admin *Admin

	mu    sync.Mutex
	known *reading // of the kubeconfig; nil: it is read at the next question
}

// adminConf is the kubeconfig that offline-cluster.sh leaves (contract 8.3).
const adminConf = inventoryDir + "/artifacts/admin.conf"

// errNotFound says that the API has no such thing, or no such kind.
var errNotFound = errors.New("not found")

// get decodes what the API says at a path. It fails with change.ErrNotInstalled
// while there is no cluster.
func (a *API) get(ctx context.Context, path string, query url.Values, into any) error {
	body, err := a.ask(ctx, path, query)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(into)
}

// text is get for what is no JSON; at most limit bytes of it.
func (a *API) text(ctx context.Context, path string, query url.Values, limit int64) (string, error) {
	body, err := a.ask(ctx, path, query)
	if err != nil {
		return "", err
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, limit))
	return string(content), err
}

// ask opens what the API says at a path.
func (a *API) ask(ctx context.Context, path string, query url.Values) (body io.ReadCloser, err error) {
	end := change.Trace(ctx, "kubernetes", "path", path, "query", query.Encode())
	defer func() { end(err) }()
	read := a.read(ctx)
	at, err := read.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	body, err = at.ask(ctx, path, query)
	if errors.Is(err, APIUnreachable.Failf("")) {
		a.forget(read) // it may tell of a cluster that is gone
	}
	return body, err
}

// answers returns nil when the API server is ready.
func (a *API) answers(ctx context.Context) error {
	var list struct{}
	return a.get(ctx, "/api/v1/namespaces/default", nil, &list)
}

// Kubeconfig is the cluster's, whose user may do everything. It belongs to root, because
// the tools container made it. It fails with change.ErrNotInstalled while there is none.
func (a *API) Kubeconfig(ctx context.Context) ([]byte, error) {
	file := a.Admin.path(adminConf)
	content, err := a.Admin.Run(ctx, "sudo", "sh", "-c", `if [ -e "$1" ]; then exec cat "$1"; fi`, "sh", file)
	switch {
	case errors.Is(err, change.ErrNotInstalled):
		return nil, fmt.Errorf("kubernetes: %w", err)
	case err != nil:
		return nil, err
	case len(content) == 0:
		return nil, fmt.Errorf("kubernetes (no %s): %w", file, change.ErrNotInstalled)
	}
	return content, nil
}

func decode64(text string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(text)
}
