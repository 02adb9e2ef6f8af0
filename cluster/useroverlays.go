package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/pkg/sftp"
	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// userOverlayName is the file of a user's overlay, after the computed one. Files of other names are
// somebody's own, and stay.
const userOverlayName = "60-wiabctl-user.yaml"

// planUserOverlays compares the user's overlays with their files.
func (h Helm) planUserOverlays(ctx context.Context, computed map[string]map[string]any) ([]change.Change, error) {
	want, err := h.UserOverlays(computed)
	if err != nil {
		return nil, err
	}
	have, err := h.userOverlayFiles(ctx)
	if err != nil {
		return nil, err
	}
	releases := maps.Clone(have)
	maps.Copy(releases, want)
	var all []change.Change
	for _, release := range slices.Sorted(maps.Keys(releases)) {
		c, err := h.planUserOverlay(ctx, release, have[release], want[release])
		if err != nil {
			return nil, err
		}
		all = append(all, c...)
	}
	return all, nil
}

// planUserOverlay tells what changes in the values of one release, nil being no overlay.
func (h Helm) planUserOverlay(ctx context.Context, release string, have, want map[string]any) ([]change.Change, error) {
	name := path.Join(overlaysDir, release, userOverlayName)
	lines, err := h.Diff(have, want)
	if err != nil {
		return nil, fmt.Errorf("the overlay of %s: %w", release, err)
	}
	reason := "the values in overlays/" + release + ".yaml change"
	if want == nil {
		return []change.Change{{Verb: change.Delete, Subject: "file " + name, Reason: reason, Diff: lines, Within: releaseSubject(release),
			Apply: func(ctx context.Context, _ change.Progress) error { return h.Admin.remove(ctx, name) }}}, nil
	}
	changes, err := valuesFile(name, want, "").plan(ctx, h.Admin)
	if len(changes) > 0 && len(lines) > 0 {
		changes[0].Reason, changes[0].Diff, changes[0].Within = reason, lines, releaseSubject(release)
	}
	return changes, err
}

// userOverlayFiles reads the files that are there, by release. One that cannot be understood
// holds nothing.
func (h Helm) userOverlayFiles(ctx context.Context) (map[string]map[string]any, error) {
	var names []string
	err := h.Admin.files(ctx, func(files *sftp.Client) (err error) {
		names, err = files.Glob(h.Admin.path(path.Join(overlaysDir, "*", userOverlayName)))
		return err
	})
	if errors.Is(err, change.ErrNotInstalled) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the overlays on the admin host: %w", err)
	}
	all := map[string]map[string]any{}
	for _, name := range names {
		release := path.Base(path.Dir(name))
		content, err := h.Admin.Read(ctx, path.Join(overlaysDir, release, userOverlayName))
		if err != nil {
			return nil, err
		}
		values := map[string]any{}
		_ = yaml.Unmarshal(content, &values) // it will be written anew
		all[release] = values
	}
	return all, nil
}
