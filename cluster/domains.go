package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"wiabctl/provision/change"
)

// Release is what a Helm release has to be like.
type Release struct {
	Name   string
	Chart  string         // the directory below charts/
	Values map[string]any // what its values must hold, overlays included; a nil wants the key absent
	Secret map[string]any // the same, for what must not be shown
	// Own are the values that a release of wiabctl's own is deployed from, with Secret; its
	// overlays come last by themselves. Nil: it is the artifact's.
	Own map[string]any
}

// together is how many domains' releases are deployed at a time.
const together = 4

// releaseJob begins the names of the jobs that deploy one release.
const releaseJob = "release-"

// Domains is the stage that brings the extra domains and the user's overlays into the
// releases: the artifact's own ones, one by one, and one of its own for each domain. A
// release whose last deployment failed, or never ended, is deployed again.
type Domains struct {
	Rollout
	Want func(ctx context.Context) ([]Release, error)
	// Missing lists the paths at which live values fall short of the wanted ones.
	Missing func(live, want map[string]any) []string
	// Diff tells in lines what laying the wanted values over the live ones changes, without
	// secrets.
	Diff func(live, want map[string]any) ([]string, error)
	// Unwanted tells why a deployed release has to go, be it that another one of its name comes;
	// empty: it stays, or is nobody's business here.
	Unwanted func(Deployed) string
	// Leaves are the Secrets that others make for such a release and that outlive it, each
	// as namespace/name.
	Leaves func(Deployed) []string
}

// Name of the stage.
func (Domains) Name() string { return "domains" }

// Plan compares the deployed releases with the wanted ones. The backend learns of a change
// first; then releases go whose names or hosts new ones may need, and those come last: so do
// two domains that swap names, whose releases hold each other's hosts and certificates. New
// ones have nothing in common: a few of them are deployed at a time.
func (d Domains) Plan(ctx context.Context) ([]change.Change, error) {
	want, err := d.Want(ctx)
	if err != nil {
		return nil, err
	}
	deployed, err := d.API.Releases(ctx)
	if err != nil && !errors.Is(err, change.ErrNotInstalled) {
		return nil, err
	}
	var backend, own []change.Change
	for _, r := range want {
		live, there := deployed[r.Name]
		c := d.compare(r, live, there && d.Unwanted(live) == "")
		switch {
		case c == nil:
		case r.Own == nil:
			backend = append(backend, *c)
		default:
			c.Concurrent, c.AtMost = true, together
			own = append(own, *c)
		}
	}
	gone, err := d.planGone(ctx, deployed)
	return slices.Concat(backend, gone, own), err
}

// planGone uninstalls the releases that nobody wants any more.
func (d Domains) planGone(ctx context.Context, deployed map[string]Deployed) ([]change.Change, error) {
	if len(deployed) == 0 {
		return nil, nil
	}
	var changes []change.Change
	for _, name := range slices.Sorted(maps.Keys(deployed)) {
		if why := d.Unwanted(deployed[name]); why != "" {
			changes = append(changes, d.uninstall(deployed[name], why))
		}
	}
	left, err := d.leftovers(ctx, deployed)
	return append(changes, left...), err
}

// releaseSubject is what a change of a release is made to.
func releaseSubject(name string) string { return "release " + name }

// compare returns the change that the release needs, or nil.
func (d Domains) compare(r Release, live Deployed, there bool) *change.Change {
	namespace := cmp.Or(live.Namespace, "default")
	c := change.Change{Verb: change.Update, Subject: releaseSubject(r.Name),
		Apply: func(ctx context.Context, say change.Progress) error { return d.deploy(ctx, r, namespace, say) }}
	switch {
	case !there && r.Own == nil:
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
		if lines, err := d.Diff(live.Values, r.Values); err == nil { // else the reason has to do
			c.Diff = lines
		}
	}
	return &c
}

// deploy runs helm upgrade as a job. A release stays in the namespace that it is in.
func (d Domains) deploy(ctx context.Context, r Release, namespace string, say change.Progress) error {
	job := Job{Name: releaseJob + r.Name, Deadline: d.longest(), Files: r.files()}
	layers := r.layers()
	if r.Own == nil {
		job.Inputs = []string{string(valuesText(r.Values))} // they are in the overlays
		var err error
		if layers, err = d.Admin.existing(ctx, layers...); err != nil {
			return err
		}
	}
	job.Script = []string{toolsFile, "helm", "upgrade", "--install", "--wait", "--timeout=" + usual.String(), "--namespace=" + namespace, r.Name, "./charts/" + r.Chart}
	for _, layer := range layers {
		job.Script = append(job.Script, "--values="+layer)
	}
	return d.run(ctx, job, say)
}

// layers are the files that the release is deployed from, relative to the deploy directory:
// for one of the artifact's those of the script, as far as they are there (contract section 8.4).
func (r Release) layers() []string {
	if r.Own == nil {
		return []string{path.Join("values", r.Name, "values.yaml"), path.Join("values", r.Name, "secrets.yaml")}
	}
	var layers []string
	for _, f := range r.files() {
		layers = append(layers, f.Name)
	}
	return layers
}

// files are the values of a release of wiabctl's own.
func (r Release) files() []File {
	if r.Own == nil {
		return nil
	}
	files := []File{valuesFile(path.Join(releasesDir, r.Name, "values.yaml"), r.Own, "")}
	if len(r.Secret) > 0 {
		files = append(files, valuesFile(path.Join(releasesDir, r.Name, "secrets.yaml"), r.Secret, ""))
	}
	return files
}
