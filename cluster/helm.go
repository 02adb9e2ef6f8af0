package cluster

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// Helm is the stage that lets helm-operations.sh deploy the charts (contract
// section 8.4). The overlays are in place before it runs, so that a run of the
// script deploys every extra domain in the same rollout.
type Helm struct {
	Rollout
	Artifact string // identifies the artifact whose script it is
	// Environment are the script's variables: "TARGET_SYSTEM=green.example.org".
	Environment func() ([]string, error)
	// Overlays are the computed values by release; nil means that the release has none.
	Overlays func(ctx context.Context) (map[string]map[string]any, error)
	// UserOverlays are the user's values by release, checked against the computed ones.
	UserOverlays func(computed map[string]map[string]any) (map[string]map[string]any, error)
	// Diff tells in lines what is between two layers of values, without their secrets.
	Diff func(before, after map[string]any) ([]string, error)
	// Secrets are the values files that the script deploys secrets from.
	Secrets HelmSecrets
}

// helmJob is the name of the script's job.
const helmJob = "helm"

// Name of the stage.
func (Helm) Name() string { return "helm" }

// Plan compares the overlay files, and asks for the script unless it succeeded
// with these inputs and its main release is there.
func (h Helm) Plan(ctx context.Context) ([]change.Change, error) {
	computed, err := h.Overlays(ctx)
	if err != nil {
		return nil, err
	}
	overlays, err := h.planOverlays(ctx, computed)
	if err != nil {
		return nil, err
	}
	users, err := h.planUserOverlays(ctx, computed)
	if err != nil {
		return nil, err
	}
	job, err := h.job()
	if err != nil {
		return nil, err
	}
	run := func(ctx context.Context, say change.Progress) error { return h.runScript(ctx, job, say) }
	script, err := planJob(ctx, h.Admin, job, "helm-operations.sh", run)
	if err != nil {
		return nil, err
	}
	if len(script) == 0 {
		script, err = h.planMissing(ctx, run)
	}
	if err != nil {
		return nil, err
	}
	secrets, err := h.Secrets.Plan(ctx)
	if err != nil {
		return nil, err
	}
	modes, err := Confidential{h.Admin}.Plan(ctx)
	return slices.Concat(overlays, users, secrets, modes, script), err
}

// runScript lets the script deploy secrets that fit together, and closes what it leaves open.
func (h Helm) runScript(ctx context.Context, job Job, say change.Progress) error {
	if err := h.Secrets.ready(ctx); err != nil {
		return err
	}
	err := job.unlessDone(ctx, h.Admin, func() error { return h.run(ctx, job, say) })
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(err, Confidential{h.Admin}.Close(ctx))
}

// Forget makes the script run again.
func (h Helm) Forget(ctx context.Context) error { return Job{Name: helmJob}.Forget(ctx, h.Admin) }

func (h Helm) job() (Job, error) {
	environment, err := h.Environment()
	return Job{Name: helmJob,
		Script:   slices.Concat([]string{toolsFile, "env"}, environment, []string{"./bin/helm-operations.sh"}),
		Inputs:   []string{h.Artifact},
		Deadline: 6 * time.Hour}, err
}

// planMissing doubts a receipt that the cluster contradicts.
func (h Helm) planMissing(ctx context.Context, run func(context.Context, change.Progress) error) ([]change.Change, error) {
	_, there, err := h.API.release(ctx, "wire-server")
	if err != nil && !errors.Is(err, change.ErrNotInstalled) {
		return nil, err
	}
	if there {
		return nil, nil
	}
	again := func(ctx context.Context, say change.Progress) error {
		if err := h.Forget(ctx); err != nil {
			return err
		}
		return run(ctx, say)
	}
	return []change.Change{{Verb: change.Run, Subject: "helm-operations.sh", Reason: "the cluster has no release wire-server", Apply: again}}, nil
}

func (h Helm) planOverlays(ctx context.Context, overlays map[string]map[string]any) ([]change.Change, error) {
	var all []change.Change
	for _, release := range slices.Sorted(maps.Keys(overlays)) {
		changes, err := h.planOverlay(ctx, release, overlays[release])
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

func (h Helm) planOverlay(ctx context.Context, release string, values map[string]any) ([]change.Change, error) {
	name := path.Join(overlaysDir, release, overlayName)
	if len(values) > 0 {
		changes, err := valuesFile(name, values, "the values that the extra domains need in "+release).plan(ctx, h.Admin)
		if len(changes) > 0 && err == nil {
			changes[0].Within = releaseSubject(release)
			changes[0].Diff, err = h.layerDiff(ctx, name, values)
		}
		return changes, err
	}
	if _, err := h.Admin.Read(ctx, name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	return []change.Change{{Verb: change.Delete, Subject: "file " + name, Reason: "no extra domain needs it",
		Apply: func(ctx context.Context, _ change.Progress) error { return h.Admin.remove(ctx, name) }}}, nil
}

// layerDiff tells what is between the values in a file, none if there is no such file, and
// the wanted ones.
func (h Helm) layerDiff(ctx context.Context, name string, want map[string]any) ([]string, error) {
	content, err := h.Admin.Read(ctx, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	have := map[string]any{}
	_ = yaml.Unmarshal(content, &have) // what cannot be understood holds nothing
	return h.Diff(have, want)
}

// valuesFile is a file of Helm values, readable by its owner only.
func valuesFile(name string, values map[string]any, why string) File {
	return File{Name: name, Content: valuesText(values), Mode: 0o600, Why: why}
}

// valuesText is the YAML of Helm values, always the same for the same values.
func valuesText(values map[string]any) []byte {
	text, err := yaml.Marshal(values)
	if err != nil {
		panic(err) // maps of strings, numbers and lists always marshal
	}
	return text
}
