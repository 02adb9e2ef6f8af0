package cluster

import (
	"cmp"
	"context"
	_ "embed" // for the script
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"wiabctl/provision/change"
)

//go:embed wiab/uninstall.sh
var uninstallScript []byte

// ofRelease is the label of Secrets that are to go with a release and outlive it; its value
// is the release.
const ofRelease = "wiabctl/release"

// uninstall removes the files first: once the release is gone nothing would ask
// for their removal any more, and one may hold a private key.
func (d Domains) uninstall(r Deployed, why string) change.Change {
	return change.Change{Verb: change.Delete, Subject: releaseSubject(r.Name), Reason: why,
		Apply: func(ctx context.Context, say change.Progress) error {
			for _, file := range []string{"values.yaml", "secrets.yaml"} {
				if err := d.Admin.remove(ctx, path.Join(releasesDir, r.Name, file)); err != nil {
					return err
				}
			}
			return d.sweep(ctx, r, say)
		}}
}

// sweep uninstalls the release, if it is there, with what others have made for it.
func (d Domains) sweep(ctx context.Context, r Deployed, say change.Progress) error {
	job := Job{Name: releaseJob + r.Name, Deadline: 10 * time.Minute}
	// A file, for systemd would replace the variables of a script among the arguments.
	script := File{Name: job.file("uninstall"), Content: uninstallScript, Mode: 0o700}
	job.Files = []File{script}
	job.Script = append([]string{toolsFile, "sh", script.Name, r.Name, cmp.Or(r.Namespace, "default")}, d.Leaves(r)...)
	return d.run(ctx, job, say)
}

// leftovers are the changes that end uninstalling what is gone already but for Secrets.
func (d Domains) leftovers(ctx context.Context, deployed map[string]Deployed) ([]change.Change, error) {
	var secrets struct {
		Items []struct {
			Metadata struct {
				Name   string            `json:"name"`
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if err := d.API.get(ctx, "/api/v1/secrets", url.Values{"labelSelector": {ofRelease}}, &secrets); err != nil {
		return nil, err
	}
	left := map[string][]string{}
	for _, s := range secrets.Items {
		if release := s.Metadata.Labels[ofRelease]; release != "" {
			left[release] = append(left[release], s.Metadata.Name)
		}
	}
	var changes []change.Change
	for _, release := range slices.Sorted(maps.Keys(left)) {
		if _, there := deployed[release]; there {
			continue
		}
		changes = append(changes, change.Change{Verb: change.Delete, Subject: "secrets of release " + release,
			Reason: "it is uninstalled, and left " + strings.Join(left[release], ", "),
			Apply: func(ctx context.Context, say change.Progress) error {
				return d.sweep(ctx, Deployed{Name: release}, say)
			}})
	}
	return changes, nil
}
