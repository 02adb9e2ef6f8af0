package provision

import (
	"context"

	"wiabctl/network"
	"wiabctl/provision/change"
)

// Watch keeps the kubenodes that do not answer out of the firewall's spread, until
// ctx ends, and tells what changes. Targets are written kubenode1=192.168.122.21:31773:
// this reads no configuration file, which may be half edited.
func Watch(ctx context.Context, targets []string, say change.Progress) error {
	var all []network.Target
	for _, text := range targets {
		target, err := network.ParseTarget(text)
		if err != nil {
			return BadUsage.Failf("%w", err)
		}
		all = append(all, target)
	}
	return network.Watch(ctx, all, say)
}
