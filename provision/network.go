package provision

import (
	"bytes"
	"context"

	"wiabctl/network"
)

// NetworkView is the network as it is, and what separates it from the configuration.
type NetworkView struct {
	network.View
	Changes []string `json:"changes"` // what `up` would do about it
}

// ShowNetwork looks at the network and changes nothing.
func (i *Installation) ShowNetwork(ctx context.Context) (NetworkView, error) {
	view, err := i.fabric().View()
	if err != nil {
		return NetworkView{}, err
	}
	shown := NetworkView{View: view, Changes: []string{}}
	for _, plan := range i.networkPipeline().Plan(ctx) {
		if plan.Err != nil {
			return shown, plan.Err
		}
		for _, c := range plan.Changes {
			shown.Changes = append(shown.Changes, c.String())
		}
	}
	return shown, nil
}

// UpNetwork makes the network alone what the configuration says, where there is one
// already, and returns how many changes that took; there is false where there is none
// yet, which up would make. The caller holds the run lock.
func (i *Installation) UpNetwork(ctx context.Context) (made int, there bool, err error) {
	if there, err = network.InForce(); err != nil || !there {
		return 0, there, err
	}
	pipeline := i.networkPipeline()
	made, err = pipeline.Up(ctx, pipeline.Plan(ctx))
	return made, true, err
}

// networkPipeline are the network's stages, which need no other once it is there.
func (i *Installation) networkPipeline() *Pipeline {
	return &Pipeline{Observe: i.pipeline.send, Steps: []Step{
		{wiring{i.fabric()}, nil},
		{closing{i.fabric()}, []string{"network"}},
	}}
}

// SetHairpin writes the hairpin's mode into the configuration file, whose comments and
// layout stay. The new file is checked whole before it takes the old one's place. The
// caller holds the run lock.
func SetHairpin(file, mode string, overrides ...Override) error {
	if err := writable(overrides, "network.hairpin"); err != nil {
		return err
	}
	have, err := read(file)
	if err != nil {
		return err
	}
	want, err := setting{"network", "hairpin", mode}.in(have)
	if err != nil || bytes.Equal(have, want) {
		return err
	}
	if _, err := Parse(want, overrides...); err != nil {
		return ConfigInvalid.Failf("%s with network.hairpin: %s could not be used:\n%w", file, mode, err)
	}
	return rewrite(file, want)
}

// Hairpin tells the hairpin's mode, and whether its rule is in force.
func (i *Installation) Hairpin() (network.HairpinView, error) {
	view, err := i.fabric().View()
	return view.Hairpin, err
}
