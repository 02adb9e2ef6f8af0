package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// images are the names under which bin/offline-env.sh loads the artifact's
// container images (contract section 8.1).
func images() []string {
	return []string{"quay.io/wire/zauth", "quay.io/wire/wire-server-deploy"}
}

// Remove ends the jobs that still run, and takes away the containers and images
// that they left with docker. All else of the cluster's goes with the VMs and the
// deploy directory.
func (o Offline) Remove(ctx context.Context) ([]change.Change, error) {
	units, err := o.list(ctx, "systemctl", "list-units", "--plain", "--no-legend", "--full", unitPrefix+"*.service")
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	containers, err2 := o.list(ctx, "sudo", "docker", "ps", "--all", "--quiet", "--filter", "label=wiabctl")
	loaded, err3 := o.list(ctx, "sudo", "docker", "images", "--format", "{{.Repository}}:{{.Tag}}")
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	var changes []change.Change
	remove := func(subject, why string, argv ...string) {
		changes = append(changes, change.Change{Verb: change.Delete, Subject: subject, Reason: why,
			Apply: func(ctx context.Context, _ change.Progress) error {
				_, err := o.Admin.Run(ctx, argv...)
				return err
			}})
	}
	for _, unit := range units {
		remove("job "+unit, "it still runs", "sudo", "systemctl", "stop", unit)
	}
	for _, container := range containers {
		remove("container "+container, "a job left it", "sudo", "docker", "rm", "--force", container)
	}
	for _, image := range loaded {
		if name, _, _ := strings.Cut(image, ":"); slices.Contains(images(), name) {
			remove("image "+image, "it was loaded from the artifact", "sudo", "docker", "rmi", image)
		}
	}
	return changes, nil
}

// list is the first word of each line that a program prints.
func (o Offline) list(ctx context.Context, argv ...string) ([]string, error) {
	out, err := o.Admin.Run(ctx, argv...)
	if err != nil {
		return nil, err
	}
	var words []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			words = append(words, fields[0])
		}
	}
	return words, nil
}
