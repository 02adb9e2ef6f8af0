package cluster

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// endpoint is the API server as a kubeconfig's user reaches it.
type endpoint struct {
	server string
	token  string
	http   *http.Client
}

// ask opens what the API says at a path.
func (e *endpoint) ask(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.server+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if e.token != "" {
		req.Header.Set("Authorization", "Bearer "+e.token)
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, APIUnreachable.Failf("ask the Kubernetes API: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusNotFound:
		resp.Body.Close()
		return nil, errNotFound
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
	return nil, APIUnreachable.Failf("the Kubernetes API answers %s to %s: %s", resp.Status, path, strings.TrimSpace(string(said)))
}
