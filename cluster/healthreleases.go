package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// ReleasesProbe asks how Helm's releases ended.
func (a *API) ReleasesProbe() Probe {
	return Probe{"releases", func(ctx context.Context) (Verdict, error) {
		all, err := a.Releases(ctx)
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("no releases: %w", change.ErrNotInstalled)
		}
		return releasesVerdict(all), err
	}}
}

// releasesVerdict tells of each its revision, and first of those that are not deployed.
func releasesVerdict(all map[string]Deployed) Verdict {
	var not, deployed []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		if r.Status == "deployed" {
			deployed = append(deployed, fmt.Sprintf("%s (%d)", name, r.Revision))
		} else {
			not = append(not, fmt.Sprintf("%s (%d) is %s", name, r.Revision, r.Status))
		}
	}
	text := fmt.Sprintf("%d of %d are deployed, in their revisions: %s", len(deployed), len(all), strings.Join(deployed, ", "))
	if len(not) > 0 {
		text = strings.Join(not, ", ") + "; " + text
	}
	return Verdict{Well: len(not) == 0, Text: text}
}
