package cluster

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"wiabctl/provision/change"
)

// Offline is the stage that lets offline-cluster.sh install Kubernetes and the
// data services on the VMs (contract section 8.3).
type Offline struct {
	Admin    *Admin
	Artifact string // identifies the artifact whose script it is
}

// Name of the stage.
func (Offline) Name() string { return "cluster" }

// Plan asks for the script unless it succeeded with this artifact and inventory.
func (o Offline) Plan(ctx context.Context) ([]change.Change, error) {
	job, err := o.job(ctx)
	if err != nil {
		return nil, err
	}
	return planJob(ctx, o.Admin, job, "offline-cluster.sh", func(ctx context.Context, say change.Progress) error {
		job, err := o.job(ctx) // the inventory may have come since
		if err != nil {
			return err
		}
		return job.Run(ctx, o.Admin, say)
	})
}

// Forget makes the script run again.
func (o Offline) Forget(ctx context.Context) error { return Job{Name: "cluster"}.Forget(ctx, o.Admin) }

func (o Offline) job(ctx context.Context) (Job, error) {
	inventory, err := o.Admin.Read(ctx, inventoryFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Job{}, err
	}
	return Job{Name: "cluster",
		Script:   []string{toolsFile, "./bin/offline-cluster.sh"},
		Inputs:   []string{o.Artifact, string(inventory)},
		Deadline: 4 * time.Hour}, nil
}

// planJob is the plan of a stage that is one script.
func planJob(ctx context.Context, admin *Admin, job Job, subject string, run func(context.Context, change.Progress) error) ([]change.Change, error) {
	reason, err := job.Done(ctx, admin)
	if err != nil || reason == "" {
		return nil, err
	}
	return []change.Change{{Verb: change.Run, Subject: subject, Reason: reason, Apply: run}}, nil
}
