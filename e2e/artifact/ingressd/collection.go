package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// errGone says that the API no longer knows the version to watch from.
var errGone = errors.New("the resource version is gone")

// watchSeconds is how long one watch request may last; the server ends it.
const watchSeconds = "600"

type object interface {
	key() string
	version() string
}

// collection is one kind of object: listed once, then watched.
type collection[T object] struct {
	path     string     // "/api/v1/services"
	selector url.Values // fieldSelector or labelSelector; none for all
	publish  func(map[string]T)
}

// follow keeps the collection published until ctx ends. While the API is away,
// what was published last stays.
func (c collection[T]) follow(ctx context.Context, api *api) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = 200 * time.Millisecond
	pauses.MaxInterval = 5 * time.Second
	for ctx.Err() == nil {
		err := c.listAndWatch(ctx, api, pauses.Reset)
		if errors.Is(err, errGone) {
			continue
		}
		pause := pauses.NextBackOff()
		slog.Info("follow again", "path", c.path, "after", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// listAndWatch runs until something fails; listed is called after the list.
func (c collection[T]) listAndWatch(ctx context.Context, api *api, listed func()) error {
	items, version, err := c.list(ctx, api)
	if err != nil {
		return err
	}
	listed()
	c.publish(maps.Clone(items))
	for {
		next, err := c.watch(ctx, api, items, version)
		if err != nil {
			return err
		}
		version = next
	}
}

func (c collection[T]) list(ctx context.Context, api *api) (map[string]T, string, error) {
	resp, err := api.get(ctx, c.url(url.Values{}))
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	var list struct {
		named
		Items []T `json:"items"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, "", fmt.Errorf("list %s: %w", c.path, err)
	}
	items := make(map[string]T, len(list.Items))
	for _, item := range list.Items {
		items[item.key()] = item
	}
	return items, list.version(), nil
}

// watch applies the events after version to items until the server ends the
// request; it returns the version to go on from.
func (c collection[T]) watch(ctx context.Context, api *api, items map[string]T, version string) (string, error) {
	resp, err := api.get(ctx, c.url(url.Values{
		"watch":               {"1"},
		"allowWatchBookmarks": {"true"},
		"resourceVersion":     {version},
		"timeoutSeconds":      {watchSeconds},
	}))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	events := json.NewDecoder(resp.Body)
	for {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		switch err := events.Decode(&event); {
		case errors.Is(err, io.EOF):
			return version, nil
		case err != nil:
			return "", fmt.Errorf("watch %s: %w", c.path, err)
		}
		if event.Type == "ERROR" {
			return "", failure(event.Object)
		}
		var item T
		if err := json.Unmarshal(event.Object, &item); err != nil {
			return "", fmt.Errorf("watch %s: %w", c.path, err)
		}
		version = item.version()
		switch event.Type {
		case "ADDED", "MODIFIED":
			items[item.key()] = item
		case "DELETED":
			delete(items, item.key())
		default: // BOOKMARK moves the version only
			continue
		}
		c.publish(maps.Clone(items))
	}
}

// failure turns the Status object of an ERROR event into an error.
func failure(status json.RawMessage) error {
	var s struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(status, &s); err != nil {
		return err
	}
	if s.Code == http.StatusGone {
		return errGone
	}
	return fmt.Errorf("the API ended the watch: %s", s.Message)
}

func (c collection[T]) url(query url.Values) string {
	maps.Copy(query, c.selector)
	if len(query) == 0 {
		return c.path
	}
	return c.path + "?" + query.Encode()
}
