package provision

import (
	"context"
	"slices"
	"strings"

	"wiabctl/cluster"
	"wiabctl/provision/change"
)

// Orders are what the user tells up beside the configuration, for one run. "cluster/minio"
// is a playbook of the stage cluster.
type Orders struct {
	Again      []string `json:"again,omitempty"`       // stages whose scripts, and playbooks that, run once more
	From       string   `json:"from,omitempty"`        // a stage to begin with, after preflight; or a playbook that runs once more, with all after it
	ReuseDisks bool     `json:"reuse_disks,omitempty"` // disks of ours whose domains are gone are used as they are
	Only       []string `json:"only,omitempty"`        // these stages alone, after preflight, or of one these playbooks alone; empty: all
	Skip       []string `json:"skip,omitempty"`        // stages that are left out
	Ignore     Ignored  `json:"ignore,omitempty"`      // what preflight may find
}

// Partial tells whether stages are left out.
func (o Orders) Partial() bool { return !slices.Equal(o.stages(), StageNames()) || len(o.Only) > 0 }

// stages are the stages to go through: preflight, and those that the orders leave of all.
// None may be left but those that only playbooks are of.
func (o Orders) stages() []string {
	only, _ := apart(o.Only)
	names := StageNames()
	if at := slices.Index(names, o.From); at > 0 {
		names = append(names[:1:1], names[at:]...)
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return name != first && (slices.Contains(o.Skip, name) || len(o.Only) > 0 && !slices.Contains(only, name))
	})
}

// first is the stage that is never left out: it looks whether the rest can be.
const first = "preflight"

// played is the stage that has playbooks.
const played = "cluster"

// Check is BadUsage if the orders name no stage that there is, or contradict each other.
func (o Orders) Check() error {
	stages, only := apart(o.Only)
	_, again := apart(o.Again)
	start, from := apart([]string{o.From})
	known := StageNames()
	for _, name := range slices.Concat(stages, start, o.Skip) {
		if name != "" && !slices.Contains(known, name) {
			return BadUsage.Failf("there is no stage %q; the stages are %v", name, known)
		}
	}
	for _, name := range slices.Concat(o.Only, o.Again, []string{o.From}) {
		if stage, playbook, found := strings.Cut(name, "/"); found && (stage != played || playbook == "") {
			return BadUsage.Failf("%q is no playbook; one is named as %s/minio", name, played)
		}
	}
	if err := o.Ignore.Check(); err != nil {
		return err
	}
	switch {
	case slices.Contains(o.Skip, first):
		return BadUsage.Failf("%s cannot be left out: it looks whether the rest can be done", first)
	case len(o.Only) > 0 && (len(o.Skip) > 0 || len(from) == 0 && o.From != ""):
		return BadUsage.Failf("--only says which stages there are; --from and --skip say which there are not: give one of them")
	case len(only) > 0 && (len(from) > 0 || len(again) > 0 || slices.Contains(o.Again, played) || slices.Contains(o.Only, played)):
		return BadUsage.Failf("--only %s/%s leaves out what else is asked for of the stage %s: give one of them", played, only[0], played)
	}
	repeated := slices.Clone(o.Again)
	if len(from) > 0 {
		repeated = append(repeated, o.From)
	}
	for _, name := range repeated {
		stage, _, _ := strings.Cut(name, "/")
		if len(o.Only) == 0 && slices.Contains(known, stage) && !slices.Contains(o.stages(), stage) {
			return BadUsage.Failf("%s is to run again, and the stage %s is left out", name, stage)
		}
	}
	return nil
}

// apart tells stages from playbooks.
func apart(names []string) (stages, playbooks []string) {
	for _, name := range names {
		if _, playbook, found := strings.Cut(name, "/"); found {
			playbooks = append(playbooks, playbook)
		} else {
			stages = append(stages, name)
		}
	}
	return stages, playbooks
}

// Playbooks are those that up can be told to play, as "cluster/minio".
func (i *Installation) Playbooks(ctx context.Context) ([]string, error) {
	files, err := i.offline().AllPlaybooks(ctx)
	var all []string
	for _, file := range files {
		all = append(all, played+"/"+strings.TrimSuffix(file, ".yml"))
	}
	return all, err
}

// obey makes the pipeline one that does what the orders say, and returns how to give up
// the receipts that stand against them, as changes. Nothing is given up yet.
func (i *Installation) obey(ctx context.Context, orders Orders) (forget []Planned, err error) {
	if err := orders.Check(); err != nil {
		return nil, err
	}
	i.reuseDisks, i.ignored = orders.ReuseDisks, orders.Ignore
	_, alone := apart(orders.Only)
	whole, again := apart(orders.Again)
	_, from := apart([]string{orders.From})
	offline := i.offline()
	for _, names := range []*[]string{&alone, &again, &from} {
		if len(*names) == 0 {
			continue
		}
		if *names, err = offline.Playbooks(ctx, *names...); err != nil {
			return nil, err
		}
	}
	i.narrow(orders.stages(), &cluster.Alone{Offline: offline, Playbooks: alone})
	forgetters, err := i.pipeline.Forgetters(whole)
	for _, stage := range forgetters {
		forget = append(forget, forgetting(stage.Name(), "the receipt of "+stage.Name(), "--again: its script runs once more", stage.Forget))
	}
	if len(again) > 0 {
		forget = append(forget, forgetting(played, "the receipts of "+strings.Join(again, ", "), "--again: they run once more",
			func(ctx context.Context) error { return offline.ForgetPlaybooks(ctx, again...) }))
	}
	if len(from) > 0 {
		forget = append(forget, forgetting(played, "the receipts from "+from[0]+" on", "--from: they run once more",
			func(ctx context.Context) error { return offline.ForgetFrom(ctx, from[0]) }))
	}
	return forget, err
}

// forgetting is the plan to give up a receipt.
func forgetting(stage, subject, reason string, forget func(context.Context) error) Planned {
	return Planned{Stage: stage, Changes: []change.Change{{Verb: change.Delete, Subject: subject, Reason: reason,
		Apply: func(ctx context.Context, _ change.Progress) error { return forget(ctx) }}}}
}

// narrow leaves of the pipeline these stages, and the one that plays playbooks alone if it
// plays any.
func (i *Installation) narrow(stages []string, alone *cluster.Alone) {
	playing := len(alone.Playbooks) > 0
	if playing {
		stages = append(stages, played)
	}
	i.pipeline.Steps = only(i.pipeline.Steps, stages)
	for n := range i.pipeline.Steps {
		if playing && i.pipeline.Steps[n].Name() == played {
			i.pipeline.Steps[n].Stage = alone
		}
	}
}
