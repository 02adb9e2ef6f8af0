package cluster

import (
	"context"
	"errors"
	"strings"

	"wiabctl/provision/change"
)

// Remove ends the jobs that still run, and takes away the artifact's images with
// the containers that upstream's scripts left of them. All else of the cluster's
// goes with the VMs and the deploy directory.
func (o Offline) Remove(ctx context.Context) ([]change.Change, error) {
	jobs, err := o.RemoveButDisks(ctx)
	if err != nil {
		return nil, err
	}
	images, err := o.planImages(ctx)
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	return append(jobs, images...), err
}

// RemoveButDisks ends the jobs that still run: they work on VMs that go. What they
// made stays, with its receipts, on the VMs' disks and on the admin host.
func (o Offline) RemoveButDisks(ctx context.Context) ([]change.Change, error) {
	units, err := units(ctx, o.Admin, "*")
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	var changes []change.Change
	for _, unit := range units {
		changes = append(changes, o.deletion("job "+unit, "it still runs", "systemctl", "stop", unit))
	}
	return changes, err
}

// deletion is a change that one command as root makes.
func (o Offline) deletion(subject, why string, argv ...string) change.Change {
	return change.Change{Verb: change.Delete, Subject: subject, Reason: why,
		Apply: func(ctx context.Context, _ change.Progress) error {
			_, err := o.Admin.Run(ctx, append([]string{"sudo"}, argv...)...)
			return err
		}}
}

// units are the units of the jobs with these names, as patterns, that run.
func units(ctx context.Context, admin *Admin, names ...string) ([]string, error) {
	argv := []string{"systemctl", "list-units", "--plain", "--no-legend", "--full"}
	for _, name := range names {
		argv = append(argv, unitPrefix+name+".service")
	}
	return firstWords(ctx, admin, argv...)
}

// firstWords are the first words of the lines that a program prints.
func firstWords(ctx context.Context, admin *Admin, argv ...string) ([]string, error) {
	out, err := admin.Run(ctx, argv...)
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
