package cluster

import (
	"bytes"
	_ "embed" // for the script
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed wiab/render.sh
var renderScript string

// Rendering is what has to be rendered before it is deployed: the layers over releases of
// the artifact, each with the values that the script gives it, and the releases of
// wiabctl's own; over all of them come the user's overlays.
//
// Helm runs once for each of the former, and once for all of the latter: they are
// rendered as parts of one chart, each by its own name. That is the same chart with the
// same values; only the name of the release, which is part of the names of Secrets, is
// another.
type Rendering struct {
	Domain string                    // the default one, which the script puts into the values
	Email  string                    // and whom it has told about certificates
	Layers map[string]map[string]any // the computed ones, by release
	Own    []Release
	Users  map[string]map[string]any // the user's overlays, by release
}

// Bare is the same without the user's overlays.
func (r Rendering) Bare() Rendering {
	users := map[string]map[string]any{}
	for release := range r.Users {
		users[release] = nil
	}
	r.Users = users
	return r
}

// computed tells whether there are values of ours in what is rendered under that name.
func (r Rendering) computed(name string) bool { return name == ownReleases || r.Layers[name] != nil }

// artifacts are the artifact's releases that there is anything to render of.
func (r Rendering) artifacts() []string {
	names := slices.Collect(maps.Keys(r.Layers))
	for release := range r.Users {
		if !slices.ContainsFunc(r.Own, func(one Release) bool { return one.Name == release }) {
			names = append(names, release)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// releases are the names of all that is rendered.
func (r Rendering) releases() []string {
	names := r.artifacts()
	for _, one := range r.Own {
		names = append(names, one.Name)
	}
	return names
}

// Rendered is what helm made of a release's values.
type Rendered struct {
	Manifest []byte
	Refusal  string // helm's words if it made nothing
}

// ownReleases is what the releases of wiabctl's own are rendered as.
const ownReleases = "domains"

// Input is what the command reads: a line for each of its files, with the content in base64.
func (r Rendering) Input() []byte {
	var input bytes.Buffer
	file := func(name string, content []byte) {
		fmt.Fprintf(&input, "%s %s\n", name, base64.StdEncoding.EncodeToString(content))
	}
	for _, release := range r.artifacts() {
		file(release+".yaml", valuesText(r.Layers[release]))
		file(release+"-user.yaml", valuesText(r.Users[release]))
	}
	if len(r.Own) == 0 {
		return input.Bytes()
	}
	values, users := map[string]any{}, map[string]any{}
	var parts []any
	for _, one := range r.Own {
		values[one.Name] = one.Own
		if user := r.Users[one.Name]; user != nil {
			users[one.Name] = user
		}
		parts = append(parts, map[string]any{"name": one.Chart, "alias": one.Name, "version": ">=0-0"})
	}
	file(ownReleases+"/Chart.yaml", valuesText(map[string]any{"apiVersion": "v2", "name": ownReleases, "version": "0.0.0", "dependencies": parts}))
	file(ownReleases+".yaml", valuesText(values))
	file(ownReleases+"-user.yaml", valuesText(users))
	return input.Bytes()
}

// Command renders its input, in the deploy directory of the tools container.
func (r Rendering) Command() []string {
	argv := slices.Concat([]string{"sh", "-c", renderScript, "render", r.Domain, r.Email}, r.artifacts())
	if len(r.Own) == 0 {
		return argv
	}
	charts := map[string]bool{}
	for _, one := range r.Own {
		charts[one.Chart] = true
	}
	return slices.Concat(argv, []string{ownReleases}, slices.Sorted(maps.Keys(charts)))
}

// charts are the directories that the result depends on beside the layers.
func (r Rendering) charts() []string {
	var dirs []string
	for _, release := range r.artifacts() {
		dirs = append(dirs, "charts/"+release, "values/"+release+"/prod-values.example.yaml")
	}
	for _, one := range r.Own {
		dirs = append(dirs, "charts/"+one.Chart)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// ParseRendered reads what the command prints.
func ParseRendered(output []byte) (map[string]Rendered, error) {
	all := map[string]Rendered{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) != 4 {
			return nil, fmt.Errorf("what was rendered has a line of %d fields, not 4", len(fields))
		}
		status, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("the status of %s: %w", fields[0], err)
		}
		manifest, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil {
			return nil, fmt.Errorf("what was rendered of %s: %w", fields[0], err)
		}
		said, err := base64.StdEncoding.DecodeString(fields[3])
		if err != nil {
			return nil, fmt.Errorf("what helm says of %s: %w", fields[0], err)
		}
		r := Rendered{Manifest: manifest}
		if status != 0 {
			r = Rendered{Refusal: refusal(status, string(said))}
		}
		all[fields[0]] = r
	}
	return all, nil
}

// refusal are helm's words, without its warnings and hints.
func refusal(status int, said string) string {
	if at := strings.LastIndex(said, "Error: "); at >= 0 {
		said, _, _ = strings.Cut(said[at:], "\n\n")
	}
	if said = strings.TrimSpace(said); said != "" {
		return said
	}
	return fmt.Sprintf("helm ended with exit status %d and said nothing", status)
}
