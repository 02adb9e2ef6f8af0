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
// wiabctl's own.
//
// Helm runs once for each of the former, and once for all of the latter: they are
// rendered as parts of one chart, each by its own name. That is the same chart with the
// same values; only the name of the release, which is part of the names of Secrets, is
// another.
type Rendering struct {
	Domain string                    // the default one, which the script puts into the values
	Layers map[string]map[string]any // by release
	Own    []Release
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
	for _, release := range slices.Sorted(maps.Keys(r.Layers)) {
		file(release+".yaml", valuesText(r.Layers[release]))
	}
	if len(r.Own) == 0 {
		return input.Bytes()
	}
	values := map[string]any{}
	var parts []any
	for _, one := range r.Own {
		values[one.Name] = one.Own
		parts = append(parts, map[string]any{"name": one.Chart, "alias": one.Name, "version": ">=0-0"})
	}
	file(ownReleases+"/Chart.yaml", valuesText(map[string]any{"apiVersion": "v2", "name": ownReleases, "version": "0.0.0", "dependencies": parts}))
	file(ownReleases+"/values.yaml", valuesText(values))
	return input.Bytes()
}

// Command renders its input, in the deploy directory of the tools container.
func (r Rendering) Command() []string {
	argv := []string{"sh", "-c", renderScript, "render", r.Domain}
	argv = append(argv, slices.Sorted(maps.Keys(r.Layers))...)
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
	for release := range r.Layers {
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
