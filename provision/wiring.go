package provision

import "wiabctl/network"

// wiring is the stage of the network.
type wiring struct{ *network.Fabric }

// Name of the stage.
func (wiring) Name() string { return "network" }

var _ Remover = wiring{}
