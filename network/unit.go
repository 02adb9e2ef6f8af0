package network

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
)

// unitsDir is where an administrator's systemd units lie.
const unitsDir = "/etc/systemd/system"

// unit is a systemd unit of ours.
type unit struct {
	name, text string
	wantedBy   []string // the units that start it
}

type units []unit

// files are the units' own.
func (all units) files() files {
	var found files
	for _, u := range all {
		found = append(found, file{filepath.Join(unitsDir, u.name), u.text})
	}
	return found
}

// links are those that systemd makes for enabled units.
func (all units) links() []string {
	var found []string
	for _, u := range all {
		for _, by := range u.wantedBy {
			found = append(found, filepath.Join(unitsDir, by+".wants", u.name))
		}
	}
	return found
}

// names are the units' names.
func (all units) names() []string {
	var found []string
	for _, u := range all {
		found = append(found, u.name)
	}
	return found
}

// plan is the change that the units need, and the files that they read.
func (all units) plan(subject string, reads ...file) ([]change.Change, error) {
	reasons, err := all.files().differ()
	if err != nil {
		return nil, err
	}
	changed, err := files(reads).differ()
	if err != nil {
		return nil, err
	}
	reasons = append(reasons, changed...)
	for _, link := range all.links() {
		if _, err := os.Lstat(link); err != nil {
			reasons = append(reasons, filepath.Base(link)+" is not in "+filepath.Base(filepath.Dir(link)))
		}
	}
	if len(reasons) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Update, Subject: subject, Reason: strings.Join(reasons, "; "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			err := append(all.files(), reads...).write()
			if err != nil || len(reasons) == len(changed) { // systemd need not know what a unit reads
				return err
			}
			return all.enable(ctx)
		},
	}}, nil
}

// enable has systemd start the units at boot, and count them as started now: then
// the restarts of those that they are part of take ours along.
func (all units) enable(ctx context.Context) error {
	if err := systemctl(ctx, append([]string{"enable", "--quiet"}, all.names()...)...); err != nil {
		return err
	}
	if !booted() {
		return nil
	}
	return errors.Join(
		systemctl(ctx, "daemon-reload"),
		systemctl(ctx, append([]string{"start"}, all.names()...)...))
}

// remove is the change that takes the units away, and the files that they read.
func (all units) remove(subject string, reads ...file) ([]change.Change, error) {
	written := all.files()
	for _, link := range all.links() {
		written = append(written, file{path: link})
	}
	written = append(written, reads...)
	found := written.present()
	if len(found) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: subject, Reason: strings.Join(found, ", "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			if err := all.disable(ctx); err != nil {
				return err // while it has its file it is known as ours
			}
			return errors.Join(written.erase(), forget(ctx))
		},
	}}, nil
}

// disable stops the units whose files there are, and takes their links away.
func (all units) disable(ctx context.Context) error {
	var names []string
	for _, path := range all.files().present() {
		names = append(names, filepath.Base(path))
	}
	if len(names) == 0 {
		return nil
	}
	if booted() {
		if err := systemctl(ctx, append([]string{"stop"}, names...)...); err != nil {
			return err
		}
	}
	return systemctl(ctx, append([]string{"disable", "--quiet"}, names...)...)
}

// forget has systemd see that units are gone.
func forget(ctx context.Context) error {
	if !booted() {
		return nil
	}
	return systemctl(ctx, "daemon-reload")
}

// booted says whether systemd is this host's init (sd_booted(3)).
func booted() bool {
	_, err := os.Lstat("/run/systemd/system")
	return err == nil
}

func systemctl(ctx context.Context, args ...string) error {
	_, err := command(ctx, "systemctl", args...)
	return err
}
