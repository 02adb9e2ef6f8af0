package cluster

import (
	"errors"
	"time"

	"gopkg.in/yaml.v3"
)

// Spec is the configuration's part about the cluster and what runs in it.
type Spec struct {
	// Inventory is laid over the inventory that is made of the artifact's staging.yml: groups
	// that are there, with variables of their own ("vars") and of their hosts ("hosts").
	// Nothing by default.
	Inventory yaml.Node `yaml:"inventory"`
	// Ready is the longest that helm waits for what a chart deploys to be ready, from one
	// second to two hours. Default: what helm-operations.sh says, 15 minutes for most.
	Ready time.Duration `yaml:"ready,omitempty"`
}

// Validate reports every value that cannot be used, and what cannot be laid over an
// inventory of these hosts.
func (s *Spec) Validate(hosts []string) error {
	v := validation{hosts: hosts}
	if s.Inventory.Kind != 0 {
		v.groups("inventory", &s.Inventory)
	}
	if s.Ready != 0 && (s.Ready < time.Second || s.Ready > 2*time.Hour) {
		v.refuse("ready", "%s is not between 1s and 2h", s.Ready)
	}
	return errors.Join(v.errs...)
}
