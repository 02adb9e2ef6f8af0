package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wiabctl/cluster"
	"wiabctl/ingress"
)

// overlaysDir is where the user's overlays are: beside the configuration file.
const overlaysDir = "overlays"

// userOverlays are what the user lays over releases, by release, each with its mark.
func (i *Installation) userOverlays(ctx context.Context) (map[string]ingress.UserOverlay, error) {
	overlays, err := i.overlays(ctx)
	if err != nil {
		return nil, err
	}
	return i.readOverlays(i.layers(overlays))
}

// userValues are the values of the user's overlays over the computed ones, by release.
func (i *Installation) userValues(computed map[string]ingress.Values) (map[string]ingress.Values, error) {
	overlays, err := i.readOverlays(i.layers(computed))
	return valuesOf(overlays), err
}

func valuesOf(overlays map[string]ingress.UserOverlay) map[string]ingress.Values {
	values := map[string]ingress.Values{}
	for release, overlay := range overlays {
		values[release] = overlay.Values
	}
	return values
}

// overlayCheck refuses overlays that cannot be used. It asks nobody, so what the webapp's
// computed values say, which follow from the artifact's, is looked at later.
func (i *Installation) overlayCheck(context.Context) error {
	set := i.domainSet()
	_, err := i.readOverlays(i.layers(map[string]ingress.Values{"wire-server": ingress.WireServerOverlay(set, ingress.Artifact{}), "sftd": ingress.SftdOverlay(set),
		"coturn": ingress.CoturnOverlay(set), ingress.Controller: ingress.ControllerOverlay(set)}))
	return err
}

// readOverlays reads the user's overlays over the computed values of every release that
// there can be. They are refused whole if one cannot be used.
func (i *Installation) readOverlays(computed map[string]ingress.Values) (map[string]ingress.UserOverlay, error) {
	files, err := i.overlayFiles()
	if err != nil {
		return nil, err
	}
	all := map[string]ingress.UserOverlay{}
	var problems []error
	for _, file := range files {
		release := strings.TrimSuffix(filepath.Base(file), ".yaml")
		problems = append(problems, exposedFile(file))
		overlay, err := userOverlay(file, computed, release)
		if err != nil {
			problems = append(problems, OverlayInvalid.Failf("%s cannot be used:\n%w", file, err))
		}
		all[release] = overlay
	}
	return all, errors.Join(problems...)
}

// overlayFiles lists the overlays beside the configuration file.
func (i *Installation) overlayFiles() ([]string, error) {
	dir := filepath.Join(i.config.dir, overlaysDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the overlays: %w", err)
	}
	var files []string
	for _, entry := range entries {
		file := filepath.Join(dir, entry.Name())
		switch filepath.Ext(file) {
		case ".yaml":
			files = append(files, file)
		case ".yml":
			return nil, OverlayInvalid.Failf("%s would not be read: an overlay's name ends in .yaml", file)
		}
	}
	return files, nil
}

// userOverlay reads one overlay, and marks its values.
func userOverlay(file string, computed map[string]ingress.Values, release string) (none ingress.UserOverlay, err error) {
	ours, known := computed[release]
	if !known {
		return none, fmt.Errorf("there is no release %s; there are %s", release, strings.Join(slices.Sorted(maps.Keys(computed)), ", "))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return none, err
	}
	overlay, err := ingress.ParseOverlay(content)
	if err != nil {
		return none, err
	}
	if _, taken := overlay.Values[mark]; taken {
		return none, fmt.Errorf("the key %s is wiabctl's own", mark)
	}
	if err := overlay.Conflicts(ours); err != nil {
		return none, err
	}
	// A digest tells of a key that was taken out, which the values in force would not.
	digest := sha256.Sum256(content)
	overlay.File = file
	overlay.Values = ingress.Merge(overlay.Values, ingress.Values{mark: ingress.Values{"overlay": hex.EncodeToString(digest[:8])}})
	return overlay, nil
}

// layers are the computed values of every release that there can be, nil for none.
func (i *Installation) layers(overlays map[string]ingress.Values) map[string]ingress.Values {
	all := map[string]ingress.Values{}
	for _, release := range cluster.ScriptReleases(i.config.Calling.selfHosted()) {
		all[release] = overlays[release]
	}
	for _, d := range i.config.Ingress.Domains {
		values := ingress.ReleaseValues(d, i.config.Ingress.Email)
		if d.Certificate.Own() {
			values = ingress.Merge(values, ingress.ReleaseSecrets(nil, nil))
		}
		all[ingress.ReleaseName(d.Name)] = values
	}
	return all
}

// laidOver tells what laying values over others changes in them.
func laidOver(before, over ingress.Values) ([]string, error) {
	return valuesDiff(before, ingress.Merge(before, over))
}

// valuesDiff tells what is between two layers of values, apart from our marks.
func valuesDiff(before, after ingress.Values) ([]string, error) {
	before, after = maps.Clone(before), maps.Clone(after)
	delete(before, mark)
	delete(after, mark)
	return ingress.Diff(before, after)
}
