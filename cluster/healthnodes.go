package cluster

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// nodeList is what the API says of nodes.
type nodeList struct {
	Items []struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Status struct {
			Conditions conditions `json:"conditions"`
		} `json:"status"`
	} `json:"items"`
}

// NodesProbe asks Kubernetes for its nodes, of which there should be so many.
func (a *API) NodesProbe(want int) Probe {
	return Probe{"nodes", func(ctx context.Context) (Verdict, error) {
		var list nodeList
		err := a.get(ctx, "/api/v1/nodes", nil, &list)
		return list.verdict(want), err
	}}
}

func (l nodeList) verdict(want int) Verdict {
	var not []string
	for _, node := range l.Items {
		if ready := node.Status.Conditions.find("Ready"); !ready.holds() {
			not = append(not, node.Metadata.Name+": "+cmp.Or(ready.Message, "it says nothing of itself"))
		}
	}
	ready := len(l.Items) - len(not)
	text := fmt.Sprintf("%d of %d are ready", ready, max(want, len(l.Items)))
	if len(not) > 0 {
		text += "; " + strings.Join(not, "; ")
	}
	return Verdict{Well: len(not) == 0 && ready >= want, Text: text}
}
