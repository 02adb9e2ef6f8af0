package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/semver"
	"gopkg.in/yaml.v3"
)

// The releases of wire-server that the overlays are made for. The oldest is the first whose
// helm-operations.sh knows all its variables, the newest the last that was looked at
// (contract sections 7 and 18).
const (
	oldest = "v5.25"
	newest = "v5.32"
)

// charts are those that overlays are layered on, and that domains and calls need.
var charts = []string{"wire-server", "webapp", "nginx-ingress-services", "ingress-nginx-controller", "cert-manager", "sftd", "coturn"}

// KnownReleases are the oldest and the newest release of wire-server that the overlays are made
// for, as "5.25".
func KnownReleases() (first, last string) {
	return strings.TrimPrefix(oldest, "v"), strings.TrimPrefix(newest, "v")
}

// knownCharts is a Failure of kind ArtifactUnknown if the overlays are not made for the
// artifact's charts, and a Warning if they are newer than what is known.
func knownCharts(tree fs.FS) error {
	found := map[string]string{}
	var missing []string
	for _, name := range charts {
		version, err := chartVersion(tree, name)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			return ArtifactUnknown.Failf("charts/%s/Chart.yaml: %w", name, err)
		}
		found[name] = version
	}
	if len(missing) > 0 {
		return ArtifactUnknown.Failf("the artifact has no chart %s%s", strings.Join(missing, ", "), gateway(tree))
	}
	return knownRelease(found["wire-server"])
}

// gateway tells of the chart that follows nginx-ingress-services, whose values are others.
func gateway(tree fs.FS) string {
	version, err := chartVersion(tree, "wire-ingress")
	if err != nil {
		return ""
	}
	return fmt.Sprintf(", only wire-ingress %s, whose values wiabctl does not know", version)
}

// knownRelease compares the version of the chart wire-server with the known ones.
func knownRelease(version string) error {
	release := semver.MajorMinor("v" + version)
	known := fmt.Sprintf("wiabctl is made for %s to %s", oldest[1:], newest[1:])
	switch {
	case release == "":
		return ArtifactUnknown.Failf("the chart wire-server has the version %q, which is none; %s", version, known)
	case semver.Major(release) != semver.Major(newest), semver.Compare(release, oldest) < 0:
		return ArtifactUnknown.Failf("the artifact brings wire-server %s; %s", version, known)
	case semver.Compare(release, newest) > 0:
		return ArtifactUnknown.Warnf("the artifact brings wire-server %s, newer than all that wiabctl knows (%s to %s)", version, oldest[1:], newest[1:])
	default:
		return nil
	}
}

// chartVersion is the version of the artifact's chart of that name.
func chartVersion(tree fs.FS, name string) (string, error) {
	content, err := readText(tree, "charts/"+name+"/Chart.yaml")
	if err != nil {
		return "", err
	}
	var chart struct {
		Name    string `yaml:"name"`
		Version string `yaml:"version"`
	}
	if err := yaml.Unmarshal(content, &chart); err != nil {
		return "", err
	}
	if chart.Name != name {
		return "", fmt.Errorf("it is the chart %q", chart.Name)
	}
	return chart.Version, nil
}
