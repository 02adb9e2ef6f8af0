package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/renameio/v2"
)

// settle is how long changes are gathered before the cache file is written.
const settle = 300 * time.Millisecond

// mirror is the cluster as far as it is known: followed over the API, kept in a
// file over restarts, and made into a world that requests are answered from.
type mirror struct {
	class string
	cache string
	keys  *keyring

	mu      sync.Mutex
	state   state
	world   atomic.Pointer[world]
	changed chan struct{} // holds one token while the cache file is behind
}

// newMirror starts from the cache file, if there is one.
func newMirror(class, cache string) (*mirror, error) {
	keys, err := newKeyring()
	if err != nil {
		return nil, err
	}
	m := &mirror{class: class, cache: cache, keys: keys, changed: make(chan struct{}, 1)}
	text, err := os.ReadFile(cache)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(text, &m.state); err != nil {
			// The API tells it all again: a damaged cache is no reason to stand still.
			slog.Warn("the cache file cannot be read, starting empty", "file", cache, "error", err)
			m.state = state{}
		}
	}
	m.world.Store(newWorld(m.state, class, keys))
	return m, nil
}

// follow keeps the mirror up to date until ctx ends.
func (m *mirror) follow(ctx context.Context, api *api) {
	var all sync.WaitGroup
	all.Go(func() { m.keep(ctx) })
	all.Go(func() {
		mirrored(m, "/apis/networking.k8s.io/v1/ingresses", nil, func(s *state) *map[string]ingress { return &s.Ingresses }).follow(ctx, api)
	})
	all.Go(func() {
		mirrored(m, "/api/v1/secrets", fields("type=kubernetes.io/tls"), func(s *state) *map[string]secret { return &s.Secrets }).follow(ctx, api)
	})
	all.Go(func() {
		mirrored(m, "/api/v1/configmaps", fields("metadata.name!=kube-root-ca.crt"), func(s *state) *map[string]configMap { return &s.ConfigMaps }).follow(ctx, api)
	})
	all.Go(func() {
		mirrored(m, "/api/v1/services", nil, func(s *state) *map[string]service { return &s.Services }).follow(ctx, api)
	})
	all.Go(func() {
		mirrored(m, "/apis/apps/v1/deployments", nil, func(s *state) *map[string]deployment { return &s.Deployments }).follow(ctx, api)
	})
	all.Go(func() {
		mirrored(m, "/api/v1/pods", url.Values{"labelSelector": {"acme.cert-manager.io/http01-solver=true"}}, func(s *state) *map[string]pod { return &s.Pods }).follow(ctx, api)
	})
	all.Wait()
}

func fields(selector string) url.Values { return url.Values{"fieldSelector": {selector}} }

// mirrored is the collection at path that lands in one part of the state.
func mirrored[T object](m *mirror, path string, selector url.Values, part func(*state) *map[string]T) collection[T] {
	return collection[T]{path: path, selector: selector, publish: func(items map[string]T) {
		m.mu.Lock()
		defer m.mu.Unlock()
		*part(&m.state) = items
		m.world.Store(newWorld(m.state, m.class, m.keys))
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}}
}

// keep writes the cache file after changes.
func (m *mirror) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.changed:
		}
		select {
		case <-ctx.Done():
		case <-time.After(settle):
		}
		if err := m.save(); err != nil {
			slog.Warn("the state is not kept", "error", err)
		}
	}
}

// save writes the state; it holds private keys, so only root reads it.
func (m *mirror) save() error {
	m.mu.Lock()
	text, err := json.Marshal(m.state)
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.cache), 0o700); err != nil {
		return err
	}
	if err := renameio.WriteFile(m.cache, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", m.cache, err)
	}
	return nil
}
