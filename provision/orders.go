package provision

import (
	"context"
	"slices"
	"strings"

	"wiabctl/cluster"
)

// Orders are what the user tells up beside the configuration, for one run. "cluster/minio"
// is a playbook of the stage cluster.
type Orders struct {
	Again      []string // stages whose scripts, and playbooks that, run once more
	From       string   // a playbook that runs once more, with all after it; empty: none
	ReuseDisks bool     // disks of ours whose domains are gone are used as they are
	Only       []string // these stages alone, after preflight, or of one these playbooks alone; empty: all
}

// played is the stage that has playbooks.
const played = "cluster"

// Check is BadUsage if the orders name no stage that there is, or contradict each other.
func (o Orders) Check() error {
	stages, only := apart(o.Only)
	_, again := apart(o.Again)
	_, from := apart([]string{o.From})
	known := StageNames()
	for _, name := range stages {
		if !slices.Contains(known, name) {
			return BadUsage.Failf("there is no stage %q; the stages are %v", name, known)
		}
	}
	for _, name := range slices.Concat(o.Only, o.Again, []string{o.From}) {
		if stage, playbook, found := strings.Cut(name, "/"); found && (stage != played || playbook == "") {
			return BadUsage.Failf("%q is no playbook; one is named as %s/minio", name, played)
		}
	}
	switch {
	case o.From != "" && len(from) == 0: // a stage
		return BadUsage.Failf("--from %q is no playbook; one is named as %s/minio", o.From, played)
	case len(only) > 0 && (len(from) > 0 || len(again) > 0 || slices.Contains(o.Again, played) || slices.Contains(o.Only, played)):
		return BadUsage.Failf("--only %s/%s leaves out what else is asked for of the stage %s: give one of them", played, only[0], played)
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
	files, err := i.offline(&cluster.API{Admin: i.admin}).AllPlaybooks(ctx)
	var all []string
	for _, file := range files {
		all = append(all, played+"/"+strings.TrimSuffix(file, ".yml"))
	}
	return all, err
}

// obey makes the pipeline one that does what the orders say, and returns how to give up
// the receipts that stand against them. Nothing is given up yet.
func (i *Installation) obey(ctx context.Context, orders Orders) (forget []func(context.Context) error, err error) {
	if err := orders.Check(); err != nil {
		return nil, err
	}
	stages, alone := apart(orders.Only)
	whole, again := apart(orders.Again)
	_, from := apart([]string{orders.From})
	offline := i.offline(&cluster.API{Admin: i.admin})
	for _, names := range []*[]string{&alone, &again, &from} {
		if len(*names) == 0 {
			continue
		}
		if *names, err = offline.Playbooks(ctx, *names...); err != nil {
			return nil, err
		}
	}
	i.narrow(stages, &cluster.Alone{Offline: offline, Playbooks: alone})
	forgetters, err := i.pipeline.Forgetters(whole)
	for _, stage := range forgetters {
		forget = append(forget, stage.Forget)
	}
	if len(again) > 0 {
		forget = append(forget, func(ctx context.Context) error { return offline.ForgetPlaybooks(ctx, again...) })
	}
	if len(from) > 0 {
		forget = append(forget, func(ctx context.Context) error { return offline.ForgetFrom(ctx, from[0]) })
	}
	return forget, err
}

// narrow leaves of the pipeline preflight, these stages, and the one that plays playbooks
// alone if it plays any; all if there is neither.
func (i *Installation) narrow(stages []string, alone *cluster.Alone) {
	playing := len(alone.Playbooks) > 0
	if playing {
		stages = append(stages, played)
	}
	if len(stages) > 0 {
		i.pipeline.Steps = only(i.pipeline.Steps, append(stages, "preflight"))
	}
	for n := range i.pipeline.Steps {
		if playing && i.pipeline.Steps[n].Name() == played {
			i.pipeline.Steps[n].Stage = alone
		}
	}
}
