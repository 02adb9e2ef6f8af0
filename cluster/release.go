package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Deployed is a Helm release as the cluster holds it.
type Deployed struct {
	Name      string
	Namespace string
	Revision  int
	Status    string         // "deployed", "failed", "pending-upgrade", ...
	Chart     string         // with its version: "wire-server-5.32.0"
	Values    map[string]any // the values that it was deployed with, the chart's own defaults apart

	manifest string // the objects that it is of, YAML documents
	hooks    []reference
}

// reference names a Kubernetes object.
type reference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Releases returns the newest revision of every release in all namespaces, by
// name. They are read from where Helm 3 keeps them (Secrets of the type
// helm.sh/release.v1), all with one question.
func (a *API) Releases(ctx context.Context) (map[string]Deployed, error) {
	return a.releases(ctx, "owner=helm,status!=superseded")
}

// release is Releases for one of them; false if there is none of that name.
func (a *API) release(ctx context.Context, name string) (Deployed, bool, error) {
	all, err := a.releases(ctx, "owner=helm,status!=superseded,name="+name)
	one, there := all[name]
	return one, there, err
}

func (a *API) releases(ctx context.Context, selector string) (map[string]Deployed, error) {
	var secrets struct {
		Items []struct {
			Metadata struct {
				Name      string            `json:"name"`
				Namespace string            `json:"namespace"`
				Labels    map[string]string `json:"labels"`
			} `json:"metadata"`
			Data map[string][]byte `json:"data"`
		} `json:"items"`
	}
	query := url.Values{"labelSelector": {selector}}
	if err := a.get(ctx, "/api/v1/secrets", query, &secrets); err != nil {
		return nil, err
	}
	all := map[string]Deployed{}
	for _, s := range secrets.Items {
		labels := s.Metadata.Labels
		revision, err := strconv.Atoi(labels["version"])
		if err != nil {
			return nil, fmt.Errorf("secret %s: its label version: %w", s.Metadata.Name, err)
		}
		name := labels["name"]
		if known, ok := all[name]; ok && known.Revision > revision {
			continue
		}
		one, err := unpackRelease(s.Data["release"])
		if err != nil {
			return nil, fmt.Errorf("secret %s: %w", s.Metadata.Name, err)
		}
		one.Name, one.Namespace, one.Revision, one.Status = name, s.Metadata.Namespace, revision, labels["status"]
		all[name] = one
	}
	return all, nil
}

// unpackRelease unpacks what Helm stores: base64 of gzip of JSON.
func unpackRelease(stored []byte) (Deployed, error) {
	packed, err := decode64(string(stored))
	if err != nil {
		return Deployed{}, fmt.Errorf("decode the release: %w", err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Deployed{}, fmt.Errorf("unpack the release: %w", err)
	}
	var release struct {
		Chart struct {
			Metadata struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"metadata"`
		} `json:"chart"`
		Config   map[string]any `json:"config"`
		Manifest string         `json:"manifest"`
		Hooks    []reference    `json:"hooks"`
	}
	if err := json.NewDecoder(unpacked).Decode(&release); err != nil {
		return Deployed{}, fmt.Errorf("read the release: %w", err)
	}
	chart := release.Chart.Metadata
	return Deployed{Chart: chart.Name + "-" + chart.Version, Values: release.Config, manifest: release.Manifest, hooks: release.Hooks}, nil
}

// Parts are the objects that the release is of, and those that its hooks make, each as
// Kind/name.
func (d Deployed) Parts() ([]string, error) {
	objects, err := d.objects()
	var parts []string
	for _, o := range objects {
		parts = append(parts, o.Kind+"/"+o.Name)
	}
	return parts, err
}

// objects are the objects that the release is of, and those that its hooks make.
func (d Deployed) objects() ([]reference, error) {
	all := slices.Clone(d.hooks)
	documents := yaml.NewDecoder(strings.NewReader(d.manifest))
	for {
		var one struct {
			Kind     string
			Metadata struct{ Name string }
		}
		switch err := documents.Decode(&one); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read the manifest of release %s: %w", d.Name, err)
		}
		all = append(all, reference{one.Kind, one.Metadata.Name})
	}
}
