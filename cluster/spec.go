package cluster

import (
	"time"

	"wiabctl/provision/change"
)

// Spec is the configuration's part about what runs in the cluster.
type Spec struct {
	// Ready is the longest that helm waits for what a chart deploys to be ready, from one
	// second to two hours. Default: what helm-operations.sh says, 15 minutes for most.
	Ready time.Duration `yaml:"ready"`
}

// Validate reports every value that cannot be used.
func (s *Spec) Validate() error {
	if s.Ready != 0 && (s.Ready < time.Second || s.Ready > 2*time.Hour) {
		return change.Invalidf("ready", "%s is not between 1s and 2h", s.Ready)
	}
	return nil
}
