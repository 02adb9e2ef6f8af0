package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"wiabctl/provision/change"
)

// Offline is the stage that lets offline-cluster.sh install Kubernetes and the
// data services on the VMs (contract section 8.3).
type Offline struct {
	Admin    *Admin
	API      *API
	Artifact string // identifies the artifact whose script it is
	// Disks are the ids of the VMs' disks, on which lies what the script makes: with
	// another disk it has to run again. Nil where they have none.
	Disks func() ([]string, error)
	// Assets is what the VMs install from: where it is served, and how to set that right.
	Assets AssetServer
	// Versions are the directories of the artifact's versions, each of which notes the
	// images that its jobs loaded. Only Remove asks for them.
	Versions func() ([]string, error)
}

// Name of the stage.
func (Offline) Name() string { return "cluster" }

// Plan asks for the script unless it succeeded with this artifact and inventory,
// and then for the answer of the cluster that it made: after a start of the VMs
// that takes a while.
func (o Offline) Plan(ctx context.Context) ([]change.Change, error) {
	job, err := o.job(ctx)
	if err != nil {
		return nil, err
	}
	script, err := planJob(ctx, o.Admin, job, "offline-cluster.sh", o.run)
	if err != nil || len(script) > 0 {
		return script, err
	}
	o.API.anew() // it is what the script leaves
	switch err := o.API.answers(ctx); {
	case errors.Is(err, change.ErrNotInstalled):
		return []change.Change{{Verb: change.Run, Subject: "offline-cluster.sh", Reason: "its kubeconfig is gone", Apply: o.runAll}}, nil
	case err != nil:
		script = []change.Change{{Verb: change.Wait, Subject: "the Kubernetes API", Reason: err.Error(), Apply: o.await}}
	}
	return append(script, o.Assets.plan(ctx)...), nil
}

// run makes the job anew, for the inventory may have come since the plan.
func (o Offline) run(ctx context.Context, say change.Progress) error {
	job, err := o.job(ctx)
	if err != nil {
		return err
	}
	if err := job.unlessDone(ctx, o.Admin, func() error { return job.Run(ctx, o.Admin, say) }); err != nil {
		return err
	}
	return o.Assets.start(ctx, say)
}

// runAll skips no playbook: what one of them made is gone.
func (o Offline) runAll(ctx context.Context, say change.Progress) error {
	if err := o.Forget(ctx); err != nil {
		return err
	}
	return o.run(ctx, say)
}

// starting is the longest that Kubernetes may take to answer after the VMs did.
const starting = 5 * time.Minute

func (o Offline) await(ctx context.Context, say change.Progress) error {
	return change.Condition{
		Description: "the Kubernetes API to answer",
		Deadline:    starting,
		Interval:    200 * time.Millisecond,
		Check:       o.API.answers,
	}.Await(ctx, say)
}

// job names to the playbooks' receipts what else they depend on: the artifact, for playbooks
// copy its archives, and the disks, on which lies what they make. Any playbook may need
// any of it, so all of them run again when it is another.
func (o Offline) job(ctx context.Context) (Job, error) {
	inventory, err := o.Admin.Read(ctx, inventoryFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Job{}, err
	}
	disks := sha256.New()
	if o.Disks != nil {
		ids, err := o.Disks()
		if err != nil {
			return Job{}, err
		}
		fmt.Fprintf(disks, "%q", ids)
	}
	total := o.total(ctx)
	return Job{Name: "cluster",
		Script:   []string{toolsFile, "env", "WIABCTL_ARTIFACT=" + o.Artifact, fmt.Sprintf("WIABCTL_DISKS=%x", disks.Sum(nil)), "./" + offlineScript},
		Inputs:   []string{string(inventory)},
		Files:    []File{{Name: playbooksPlayed, Mode: 0o644}},
		Deadline: 4 * time.Hour,
		Reader:   func(say change.Progress) Reader { return &playbookReader{say: say, total: total} }}, nil
}

// planJob is the plan of a stage that is one script.
func planJob(ctx context.Context, admin *Admin, job Job, subject string, run func(context.Context, change.Progress) error) ([]change.Change, error) {
	reason, err := job.Done(ctx, admin)
	if err != nil || reason == "" {
		return nil, err
	}
	return []change.Change{{Verb: change.Run, Subject: subject, Reason: reason, Apply: run}}, nil
}
