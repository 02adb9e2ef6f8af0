package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// CassandraProbe asks Cassandra for its ring.
func (all Stations) CassandraProbe() Probe {
	return Probe{"cassandra", func(ctx context.Context) (Verdict, error) {
		return all.after(1).first(func(s *Station) (Verdict, error) {
			said, err := s.run(ctx, "nodetool", "status")
			if err != nil {
				return Verdict{}, err
			}
			return ringVerdict(string(said), len(all))
		})
	}}
}

// ringLine is a node's in what `nodetool status` prints: Up, Down or unknown; Normal,
// Leaving, Joining or Moving; then its address.
var ringLine = regexp.MustCompile(`(?m)^([UD?])([NLJM])\s+([0-9a-fA-F.:]+)\s`)

// ringVerdict reads the ring, in which so many nodes should be up and normal.
func ringVerdict(said string, want int) (Verdict, error) {
	nodes := ringLine.FindAllStringSubmatch(said, -1)
	if len(nodes) == 0 {
		return Verdict{}, errors.New("nodetool status shows no ring")
	}
	var not []string
	for _, node := range nodes {
		if node[1] != "U" || node[2] != "N" {
			not = append(not, fmt.Sprintf("%s is %s%s", node[3], node[1], node[2]))
		}
	}
	well := len(nodes) - len(not)
	text := fmt.Sprintf("%d of %d nodes are up and normal (UN)", well, max(want, len(nodes)))
	if len(not) > 0 {
		text += "; " + strings.Join(not, ", ")
	}
	return Verdict{Well: len(not) == 0 && well >= want, Text: text}, nil
}
