package provision

import (
	"context"
	"slices"

	"wiabctl/assets"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// machines is the stage of the seven VMs and of the image that their disks start
// from. The image belongs here and not to the stage assets, so that the VMs boot
// while the artifact, a hundred times as large, still arrives.
type machines struct {
	base      assets.BaseImage
	room      *vm.Room
	snapshots *vm.Snapshots
	rotation  rotation
}

// Name of the stage.
func (machines) Name() string { return "vms" }

// Plan compares image and machines. When none of these has an old SSH key any more, those
// are forgotten.
func (m machines) Plan(ctx context.Context) ([]change.Change, error) {
	image, err := m.base.Plan(ctx)
	if err != nil {
		return nil, err
	}
	for i := range image {
		image[i].Concurrent = false // no machine can be made before it is there
	}
	vms, err := m.room.Plan(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := m.rotation.vms()
	return slices.Concat(image, vms, keys), err
}

// Remove takes the machines away with their snapshots, then the image they stood on.
func (m machines) Remove(ctx context.Context) ([]change.Change, error) {
	vms, err := m.room.Remove(ctx)
	if err != nil {
		return nil, err
	}
	image, err := m.base.Remove(ctx)
	return slices.Concat(vms, m.snapshots.Remove(), image), err
}

// RemoveButDisks takes the machines away; their disks stay, with the snapshots inside,
// and the image below. Disks that are half restored are nothing to come back to.
func (m machines) RemoveButDisks(ctx context.Context) ([]change.Change, error) {
	if err := m.snapshots.Check(ctx); err != nil {
		return nil, err
	}
	return m.room.RemoveButDisks(ctx)
}

var (
	_ Remover = machines{}
	_ Keeper  = machines{}
)
