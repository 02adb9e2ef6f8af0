package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/provision/redact"
)

// layerSources are the artifact's files that the layers depend on. While there is no
// artifact that is fs.ErrNotExist.
func layerSources(read func(name string) ([]byte, error)) (ingress.Artifact, error) {
	a := ingress.Artifact{Versions: map[string]string{}}
	var err error
	if a.Webapp, err = read("values/webapp/prod-values.example.yaml"); err != nil {
		return a, err
	}
	optional := func(name string) []byte {
		content, failed := read(name)
		if !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
		return content
	}
	a.AccountPages = optional("values/account-pages/prod-values.example.yaml")
	a.AccountDefaults = optional("charts/account-pages/values.yaml")
	for _, chart := range []string{"wire-server", "account-pages"} {
		var about struct{ Version string }
		if wrong := yaml.Unmarshal(optional("charts/"+chart+"/Chart.yaml"), &about); wrong != nil {
			err = errors.Join(err, fmt.Errorf("charts/%s/Chart.yaml: %w", chart, wrong))
		}
		a.Versions[chart] = about.Version
	}
	return a, err
}

// layerSources are those of the artifact on the admin host.
func (i *Installation) layerSources(ctx context.Context) (ingress.Artifact, error) {
	return layerSources(func(name string) ([]byte, error) { return i.admin.Read(ctx, name) })
}

// standIn stands in rendered values for what is secret.
const standIn = "wiabctl-renders-no-secrets"

// renderedSet is domainSet with a stand-in for its secret.
func (i *Installation) renderedSet() ingress.Set {
	set := i.domainSet()
	if i.config.Calling.Secret == "" {
		return set
	}
	calls := *set.Calls
	calls.Secret = standIn
	return set.CallsBy(calls)
}

// rendering is what has to be rendered before it is deployed; nothing while there is no
// artifact to render.
func (i *Installation) rendering(ctx context.Context) (cluster.Rendering, error) {
	artifact, err := i.layerSources(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return cluster.Rendering{}, nil
	}
	if err != nil {
		return cluster.Rendering{}, err
	}
	want, err := rendering(i.renderedSet(), artifact)
	if err != nil {
		return want, err
	}
	users, err := i.userOverlays(ctx)
	want.Users = valuesOf(users)
	return want, err
}

// rendering are all computed values: the layers over the artifact's releases, and the
// releases of the extra domains.
func rendering(set ingress.Set, artifact ingress.Artifact) (cluster.Rendering, error) {
	layers, err := ingress.Overlays(set, artifact)
	r := cluster.Rendering{Domain: set.Default, Email: set.Email, Layers: layers}
	for _, d := range set.Extra {
		own := ingress.ReleaseValues(d, set.Email)
		if d.Certificate.Own() {
			own = ingress.Merge(own, ingress.ReleaseSecrets([]byte(standIn), []byte(standIn)))
		}
		r.Own = append(r.Own, cluster.Release{Name: ingress.ReleaseName(d.Name), Chart: domainChart, Own: own})
	}
	return r, err
}

// checkRendered looks whether what was rendered does what the layers are for.
func (i *Installation) checkRendered(ctx context.Context, of cluster.Rendering, rendered map[string]cluster.Rendered) (cluster.Faults, error) {
	artifact, err := i.layerSources(ctx)
	if err != nil {
		return nil, err
	}
	users, err := i.userOverlays(ctx)
	return checkRendered(i.renderedSet(), artifact, overlaysOf(of, users), rendered), err
}

// overlaysOf are those of the overlays that were rendered.
func overlaysOf(of cluster.Rendering, users map[string]ingress.UserOverlay) map[string]ingress.UserOverlay {
	laid := maps.Clone(users)
	maps.DeleteFunc(laid, func(release string, _ ingress.UserOverlay) bool { return of.Users[release] == nil })
	return laid
}

// checkRendered tells what is wrong with each release, and blames the user's overlays over it.
func checkRendered(set ingress.Set, artifact ingress.Artifact, users map[string]ingress.UserOverlay, rendered map[string]cluster.Rendered) cluster.Faults {
	wrong := cluster.Faults{}
	for name, r := range rendered {
		if err := ingress.Check(set, artifact, users, name, ingress.Rendered(r)); err != nil {
			wrong[name] = blame(overlaid(users, name, err.Error()), err)
		}
	}
	return wrong
}

// overlaid are the files of the overlays that the words are about. All domains' releases are
// rendered as one: it is those that are named, or else any.
func overlaid(users map[string]ingress.UserOverlay, name, words string) []string {
	if overlay, theirs := users[name]; theirs {
		return []string{overlay.File}
	}
	if name != ingress.DomainReleases {
		return nil
	}
	var named, all []string
	for _, release := range slices.Sorted(maps.Keys(users)) {
		if !strings.HasPrefix(release, ingress.ReleaseName("")) {
			continue
		}
		all = append(all, users[release].File)
		if strings.Contains(words, release) {
			named = append(named, users[release].File)
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// blame is an OverlayInvalid with the files and what is wrong, without the files' secrets;
// without files it is what is wrong.
func blame(files []string, wrong error) error {
	if len(files) == 0 {
		return wrong
	}
	var read secretFiles
	for _, file := range files {
		read.named = append(read.named, literally(file))
	}
	secrets, err := read.secrets()
	if err != nil {
		return err
	}
	return OverlayInvalid.Failf("%s cannot be used:\n%s", strings.Join(files, ", "), redact.New(secrets).Text(wrong.Error()))
}
