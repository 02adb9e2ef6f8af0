package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"

	"wiabctl/cluster"
	"wiabctl/ingress"
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
	return rendering(i.renderedSet(), artifact)
}

// rendering are all computed values: the layers over the artifact's releases, and the
// releases of the extra domains.
func rendering(set ingress.Set, artifact ingress.Artifact) (cluster.Rendering, error) {
	layers, err := ingress.Overlays(set, artifact)
	r := cluster.Rendering{Domain: set.Default, Layers: layers}
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
func (i *Installation) checkRendered(ctx context.Context, rendered map[string]cluster.Rendered) error {
	artifact, err := i.layerSources(ctx)
	if err != nil {
		return err
	}
	return checkRendered(i.renderedSet(), artifact, rendered)
}

func checkRendered(set ingress.Set, artifact ingress.Artifact, rendered map[string]cluster.Rendered) error {
	all := map[string]ingress.Rendered{}
	for release, r := range rendered {
		all[release] = ingress.Rendered(r)
	}
	return ingress.Check(set, artifact, all)
}
