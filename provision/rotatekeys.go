package provision

import (
	"context"
	"errors"
	"slices"
	"strings"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/provision/change"
)

// KeyKinds are the kinds of keys that can be replaced, each by itself.
func KeyKinds() []string { return []string{assets.UserKey, assets.AdminKey, hostKind} }

// hostKind are the VMs' host keys, all of them.
const hostKind = "host"

// PlanKeyRotation tells what replacing the keys of these kinds, or of all that there are,
// would do. It is a Failure of kind KeysRefused where that could not be brought to its
// end now. A replacement that has begun is finished first.
func (i *Installation) PlanKeyRotation(ctx context.Context, kinds []string) ([]Planned, error) {
	names, err := i.keysOf(kinds)
	if err != nil {
		return nil, err
	}
	unfinished, err := i.rotation().unfinished()
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(unfinished, name) })
	plan := Planned{Stage: "keys"}
	if len(unfinished) > 0 {
		err = i.idle(ctx)
		plan.Changes = append(plan.Changes, replaceKeys(unfinished, "that has begun, and is finished now",
			func(ctx context.Context) error { return i.bringKeys(ctx, unfinished) }))
	} else {
		err = i.refuseRotation(ctx, names)
	}
	if len(names) > 0 {
		plan.Changes = append(plan.Changes, replaceKeys(names, "new ones are made, and the old ones will open nothing any more; VMs run on",
			func(ctx context.Context) error { return i.rotate(ctx, names) }))
	}
	return []Planned{plan}, err
}

func replaceKeys(names []string, reason string, apply func(context.Context) error) change.Change {
	return change.Change{Verb: change.Replace, Subject: "SSH keys " + strings.Join(names, ", "), Reason: reason,
		Apply: func(ctx context.Context, _ change.Progress) error { return apply(ctx) }}
}

// rotate replaces the keys. It asks again whether it can, for since the plan somebody
// had time to think.
func (i *Installation) rotate(ctx context.Context, names []string) error {
	if err := i.refuseRotation(ctx, names); err != nil {
		return err
	}
	if err := i.keys().Begin(names...); err != nil {
		return err
	}
	return i.bringKeys(ctx, names)
}

// keysOf names the keys of the kinds, of none given all that are wiabctl's.
func (i *Installation) keysOf(kinds []string) ([]string, error) {
	if len(kinds) == 0 {
		return i.keyNames(), nil
	}
	if ofVMs(kinds) && i.provider.refusal != nil {
		return nil, i.provider.refusal
	}
	return slices.DeleteFunc(i.keyNames(), func(name string) bool {
		return !slices.Contains(kinds, kindOf(name))
	}), nil
}

func kindOf(name string) string {
	if name == assets.UserKey || name == assets.AdminKey {
		return name
	}
	return hostKind
}

// ofVMs tells whether a VM has to do with one of the keys.
func ofVMs(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return name != assets.AdminKey })
}

// refuseRotation is why no replacement of the keys can begin now, nil if it can.
func (i *Installation) refuseRotation(ctx context.Context, names []string) error {
	if ofVMs(names) {
		if err := i.snapshots().Check(ctx); err != nil {
			return err
		}
	}
	if err := i.settled(ctx, names); err != nil {
		return err
	}
	if err := i.idle(ctx); err != nil || !ofVMs(names) {
		return err
	}
	snapshots, err := i.snapshots().List(ctx)
	if err == nil && len(snapshots) > 0 {
		err = KeysRefused.Failf("the snapshot %s holds them, and restoring it would bring them back: delete it, and take one with the new keys", snapshots[0].Name)
	}
	return err
}

// idle is an error while a script works, which may read the keys at any moment.
func (i *Installation) idle(ctx context.Context) error {
	running, err := cluster.Receipts{Admin: i.admin}.Running(ctx)
	if err == nil && len(running) > 0 {
		err = KeysRefused.Failf("a script is at work with them: %s", strings.Join(running, ", "))
	}
	return err
}

// settled is an error unless this host and the VMs are as configured: then nothing else
// is changed, and nothing keeps the new keys from them.
func (i *Installation) settled(ctx context.Context, names []string) error {
	var errs []error
	for _, plan := range i.keyPipeline(names).Plan(ctx) {
		errs = append(errs, plan.Err)
		if len(plan.Changes) > 0 && plan.Stage != "inventory" { // which gets new keys anyway
			errs = append(errs, KeysRefused.Failf("run `wiabctl up` first: the stage %s still wants to %s", plan.Stage, plan.Changes[0]))
		}
	}
	return errors.Join(errs...)
}

// bringKeys brings new keys, which are made, to all who know the old ones.
func (i *Installation) bringKeys(ctx context.Context, names []string) error {
	p := i.keyPipeline(names)
	_, err := p.Up(ctx, p.Plan(ctx))
	return err
}

// keyPipeline is the part of the pipeline that knows the keys.
func (i *Installation) keyPipeline(names []string) *Pipeline {
	steps := []Step{{i.host(), nil}}
	if ofVMs(names) {
		steps = append(steps, Step{i.provider.stage, []string{"host"}}, Step{i.inventory(), []string{"vms"}})
	}
	return &Pipeline{Steps: steps, Observe: i.pipeline.send}
}
