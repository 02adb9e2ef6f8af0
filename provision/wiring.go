package provision

import (
	"context"

	"wiabctl/network"
	"wiabctl/provision/change"
)

// wiring is the stage of the network.
type wiring struct{ *network.Fabric }

// Name of the stage.
func (wiring) Name() string { return "network" }

// RemoveButDisks takes all of it away: it holds nothing that is not made again.
func (w wiring) RemoveButDisks(ctx context.Context) ([]change.Change, error) { return w.Remove(ctx) }

var (
	_ Remover = wiring{}
	_ Keeper  = wiring{}
)

// closing is the stage that takes away what only certificates needed: it comes after
// theirs.
type closing struct{ fabric *network.Fabric }

// Name of the stage.
func (closing) Name() string { return "hairpin" }

// Plan takes the hairpin away where it is to be open only for certificates.
func (c closing) Plan(ctx context.Context) ([]change.Change, error) { return c.fabric.Closing(ctx) }
