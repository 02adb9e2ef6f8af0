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

// Remove ends the jobs that still run, and takes away the artifact's images with
// the containers that upstream's scripts left of them. All else of the cluster's
// goes with the VMs and the deploy directory.
func (o Offline) Remove(ctx context.Context) ([]change.Change, error) {
	units, err := o.list(ctx, "systemctl", "list-units", "--plain", "--no-legend", "--full", unitPrefix+"*.service")
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	loaded, err := o.list(ctx, "sudo", "docker", "images", "--format", "{{.Repository}}:{{.Tag}}")
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	for _, unit := range units {
		changes = append(changes, o.deletion("job "+unit, "it still runs", "systemctl", "stop", unit))
	}
	for _, image := range loaded {
		if name, _, _ := strings.Cut(image, ":"); !slices.Contains(images(), name) {
			continue
		}
		containers, err := o.list(ctx, "sudo", "docker", "ps", "--all", "--quiet", "--filter", "ancestor="+image)
		if err != nil {
			return nil, err
		}
		for _, container := range containers {
			changes = append(changes, o.deletion("container "+container, "it was made of "+image, "docker", "rm", "--force", container))
		}
		changes = append(changes, o.deletion("image "+image, "it was loaded from the artifact", "docker", "rmi", image))
	}
	return changes, nil
}

// deletion is a change that one command as root makes.
func (o Offline) deletion(subject, why string, argv ...string) change.Change {
	return change.Change{Verb: change.Delete, Subject: subject, Reason: why,
		Apply: func(ctx context.Context, _ change.Progress) error {
			_, err := o.Admin.Run(ctx, append([]string{"sudo"}, argv...)...)
			return err
		}}
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
