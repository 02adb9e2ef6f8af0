package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Deployed is a Helm release as the cluster holds it.
type Deployed struct {
	Name     string
	Revision int
	Status   string         // "deployed", "failed", "pending-upgrade", ...
	Values   map[string]any // the values that it was deployed with, the chart's own defaults apart
}

// Releases returns the newest revision of every release in all namespaces, by
// name. They are read from where Helm 3 keeps them (Secrets of the type
// helm.sh/release.v1), all with one question.
func (a *API) Releases(ctx context.Context) (map[string]Deployed, error) {
	var secrets struct {
		Items []struct {
			Metadata struct {
				Name   string            `json:"name"`
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
			Data map[string][]byte `json:"data"`
		} `json:"items"`
	}
	query := url.Values{"labelSelector": {"owner=helm,status!=superseded"}}
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
		values, err := releaseValues(s.Data["release"])
		if err != nil {
			return nil, fmt.Errorf("secret %s: %w", s.Metadata.Name, err)
		}
		all[name] = Deployed{Name: name, Revision: revision, Status: labels["status"], Values: values}
	}
	return all, nil
}

// releaseValues unpacks what Helm stores: base64 of gzip of JSON.
func releaseValues(stored []byte) (map[string]any, error) {
	packed, err := decode64(string(stored))
	if err != nil {
		return nil, fmt.Errorf("decode the release: %w", err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the release: %w", err)
	}
	var release struct {
		Config map[string]any `json:"config"`
	}
	if err := json.NewDecoder(unpacked).Decode(&release); err != nil {
		return nil, fmt.Errorf("read the release: %w", err)
	}
	return release.Config, nil
}
