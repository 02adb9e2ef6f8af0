package provision

import (
	"context"

	"wiabctl/provision/change"
)

// A Stage is one step of the pipeline.
type Stage interface {
	// Name is what people call the stage: "vms".
	Name() string
	// Plan observes the system and returns what still separates it from the
	// configuration; none means done. It works on a bare host too and never writes.
	Plan(ctx context.Context) ([]change.Change, error)
}

// A Remover is a stage that can take back what it made, as far as that does not
// vanish with the VMs.
type Remover interface {
	Stage
	// Remove returns the changes that take everything of the stage's away; what is
	// not there needs none, what is not ours is left alone.
	Remove(ctx context.Context) ([]change.Change, error)
}

// A Keeper is a stage that has to do with an installation going that comes back on the
// same disks, and then needs no script again.
type Keeper interface {
	Stage
	// RemoveButDisks returns the changes that take away what goes nevertheless.
	RemoveButDisks(ctx context.Context) ([]change.Change, error)
}

// A Purger is a Remover that can also take back what it otherwise leaves, because others
// may use it by now.
type Purger interface {
	Remover
	// Purge is Remove without leaving anything.
	Purge(ctx context.Context) ([]change.Change, error)
}

// A Forgetter is a stage whose work is proven by a receipt.
type Forgetter interface {
	Stage
	// Forget gives up the receipt, so that the next plan does the work again.
	Forget(ctx context.Context) error
}

// Step is a stage and the stages that have to be done before it.
type Step struct {
	Stage
	After []string
}
