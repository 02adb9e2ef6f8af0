package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// Release is what a Helm release has to be like.
type Release struct {
	Name   string
	Chart  string         // the directory below charts/
	Values map[string]any // what its values must hold
	Secret map[string]any // the same, for what must not be shown
	// Layers are the files that a release of the artifact's is deployed from,
	// relative to the deploy directory; its overlay comes last by itself. A release
	// that is wiabctl's own has none: Values and Secret are all it has.
	Layers []string
	Own    bool
}

// releaseJob begins the names of the jobs that deploy one release.
const releaseJob = "release-"

// Domains is the stage that brings the extra domains into the releases: the
// artifact's own ones that serve all domains, and one of its own for each domain.
type Domains struct {
	Rollout
	Want func(ctx context.Context) ([]Release, error)
	// Missing lists the paths at which live values fall short of the wanted ones.
	Missing func(live, want map[string]any) []string
	// Ours tells whether a deployed release is a domain's, made by wiabctl.
	Ours func(Deployed) bool
}

// Name of the stage.
func (Domains) Name() string { return "domains" }

// Plan compares the deployed releases with the wanted ones.
func (d Domains) Plan(ctx context.Context) ([]change.Change, error) {
	want, err := d.Want(ctx)
	if err != nil {
		return nil, err
	}
	deployed, err := d.API.Releases(ctx)
	if err != nil && !errors.Is(err, change.ErrNotInstalled) {
		return nil, err
	}
	var changes []change.Change
	for _, r := range want {
		live, there := deployed[r.Name]
		if c := d.compare(r, live, there); c != nil {
			changes = append(changes, *c)
		}
		delete(deployed, r.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(deployed)) {
		if d.Ours(deployed[name]) {
			changes = append(changes, d.uninstall(name))
		}
	}
	return changes, nil
}

// compare returns the change that the release needs, or nil.
func (d Domains) compare(r Release, live Deployed, there bool) *change.Change {
	c := change.Change{Verb: change.Update, Subject: "release " + r.Name,
		Apply: func(ctx context.Context, say change.Progress) error { return d.deploy(ctx, r, say) }}
	switch {
	case !there && !r.Own:
		return nil // helm-operations.sh deploys it, overlay included
	case !there:
		c.Verb, c.Reason = change.Create, "it is not deployed"
	case live.Status != "deployed":
		c.Reason = "its last deployment is " + live.Status
	default:
		missing := d.Missing(live.Values, r.Values)
		if len(r.Secret) > 0 {
			missing = append(missing, d.Missing(live.Values, r.Secret)...)
		}
		if len(missing) == 0 {
			return nil
		}
		c.Reason = "its values differ at " + missing[0]
		if more := len(missing) - 1; more > 0 {
			c.Reason += fmt.Sprintf(" and %d more", more)
		}
	}
	return &c
}

// deploy runs helm upgrade as a job.
func (d Domains) deploy(ctx context.Context, r Release, say change.Progress) error {
	layers := r.Layers
	job := Job{Name: releaseJob + r.Name, Deadline: d.longest()}
	if r.Own {
		job.Files = r.files()
		for _, f := range job.Files {
			layers = append(layers, f.Name)
		}
	} else {
		job.Inputs = []string{string(valuesText(r.Values))} // they are in the overlay
	}
	job.Script = []string{toolsFile, "helm", "upgrade", "--install", "--wait", "--timeout=" + usual.String(), r.Name, "./charts/" + r.Chart}
	for _, layer := range layers {
		job.Script = append(job.Script, "--values="+layer)
	}
	return d.run(ctx, job, say)
}

// files are the values of a release of wiabctl's own.
func (r Release) files() []File {
	files := []File{valuesFile(path.Join(releasesDir, r.Name, "values.yaml"), r.Values, "")}
	if len(r.Secret) > 0 {
		files = append(files, valuesFile(path.Join(releasesDir, r.Name, "secrets.yaml"), r.Secret, ""))
	}
	return files
}

// uninstall removes the files first: once the release is gone nothing would ask
// for their removal any more, and one may hold a private key.
func (d Domains) uninstall(name string) change.Change {
	return change.Change{Verb: change.Delete, Subject: "release " + name, Reason: "its domain is no longer configured",
		Apply: func(ctx context.Context, say change.Progress) error {
			for _, file := range []string{"values.yaml", "secrets.yaml"} {
				if err := d.Admin.remove(ctx, path.Join(releasesDir, name, file)); err != nil {
					return err
				}
			}
			return d.run(ctx, Job{Name: releaseJob + name, Script: []string{toolsFile, "helm", "uninstall", "--wait", name}, Deadline: 10 * time.Minute}, say)
		}}
}
