package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// RabbitMQProbe asks RabbitMQ for the members of its cluster.
func (all Stations) RabbitMQProbe() Probe {
	return Probe{"rabbitmq", func(ctx context.Context) (Verdict, error) {
		return all.after(2).first(func(s *Station) (Verdict, error) {
			said, err := s.run(ctx, "sudo", "rabbitmqctl", "--quiet", "cluster_status", "--formatter", "json")
			if err != nil {
				return Verdict{}, err
			}
			return membersVerdict(said, len(all))
		})
	}}
}

// membersVerdict reads the state of a cluster that should have so many running members.
func membersVerdict(said []byte, want int) (Verdict, error) {
	var state struct {
		Disk       []string            `json:"disk_nodes"`
		Running    []string            `json:"running_nodes"`
		Partitions map[string][]string `json:"partitions"`
		Alarms     []json.RawMessage   `json:"alarms"`
	}
	if err := json.Unmarshal(said, &state); err != nil || len(state.Running) == 0 {
		return Verdict{}, fmt.Errorf("rabbitmqctl does not tell the cluster's members: %.100q", said)
	}
	text := fmt.Sprintf("%d of %d members are running", len(state.Running), max(want, len(state.Disk)))
	var not []string
	for _, member := range state.Disk {
		if !slices.Contains(state.Running, member) {
			not = append(not, member+" is not running")
		}
	}
	if len(state.Partitions) > 0 {
		not = append(not, "the cluster is partitioned")
	}
	if len(state.Alarms) > 0 {
		not = append(not, fmt.Sprintf("%d alarms stop its publishers", len(state.Alarms)))
	}
	if len(not) > 0 {
		text += "; " + strings.Join(not, ", ")
	}
	return Verdict{Well: len(not) == 0 && len(state.Running) >= want, Text: text}, nil
}
