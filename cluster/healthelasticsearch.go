package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// elasticsearchPort is that of its HTTP interface.
const elasticsearchPort = "9200"

// ElasticsearchProbe asks Elasticsearch for its cluster's health.
func (all Stations) ElasticsearchProbe() Probe {
	return Probe{"elasticsearch", func(ctx context.Context) (Verdict, error) {
		return all.first(func(s *Station) (Verdict, error) {
			status, body, err := s.get(ctx, elasticsearchPort, "/_cluster/health")
			if err != nil {
				return Verdict{}, err
			}
			if status != http.StatusOK {
				return Verdict{}, fmt.Errorf("elasticsearch on %s answers with status %d", s.Name, status)
			}
			return indexVerdict(body, len(all))
		})
	}}
}

// indexVerdict reads the health of a cluster that should have so many nodes. Green: every
// shard has all its copies; yellow: some copies are missing; red: some shards are.
func indexVerdict(body []byte, want int) (Verdict, error) {
	var health struct {
		Status     string `json:"status"`
		Nodes      int    `json:"number_of_nodes"`
		Unassigned int    `json:"unassigned_shards"`
	}
	if err := json.Unmarshal(body, &health); err != nil || health.Status == "" {
		return Verdict{}, fmt.Errorf("elasticsearch does not tell its health: %.100q", body)
	}
	text := fmt.Sprintf("%s, %d of %d nodes", health.Status, health.Nodes, max(want, health.Nodes))
	if health.Unassigned > 0 {
		text += fmt.Sprintf("; %d shards have no place", health.Unassigned)
	}
	return Verdict{Well: health.Status == "green" && health.Nodes >= want, Text: text}, nil
}
