package provision

import (
	"context"
	"slices"
	"strings"
)

// aptStep is what apt would do to a package.
type aptStep struct {
	act  string // "Inst", "Conf", "Remv", "Purg"
	pkg  string // with its architecture if that is not the host's
	have string // the version that is there; empty: none
}

// aptSimulate asks apt what it would do; it needs no lock and changes nothing, not even
// apt's own cache.
func aptSimulate(ctx context.Context, args ...string) ([]aptStep, error) {
	args = append([]string{"--simulate", "--option=Dir::Cache::pkgcache=", "--option=Dir::Cache::srcpkgcache="}, args...)
	said, err := output(ctx, aptEnvironment(), "apt-get", args...)
	return parseSimulation(said), err
}

// parseSimulation reads the lines of apt-get --simulate such as
// "Inst libc6 [2.36-9] (2.36-10 Debian:12 [amd64])".
func parseSimulation(said string) []aptStep {
	var all []aptStep
	for line := range strings.Lines(said) {
		words := strings.Fields(line)
		if len(words) < 2 || !slices.Contains([]string{"Inst", "Conf", "Remv", "Purg"}, words[0]) {
			continue
		}
		step := aptStep{act: words[0], pkg: words[1]}
		if len(words) > 2 && strings.HasPrefix(words[2], "[") {
			step.have = strings.Trim(words[2], "[]")
		}
		all = append(all, step)
	}
	return all
}

// arrivals are the packages that the steps bring, newer versions included.
func arrivals(steps []aptStep) []string {
	var all []string
	for _, s := range steps {
		if s.act == "Inst" {
			all = append(all, s.pkg)
		}
	}
	return all
}

// newcomers are those of them that this host has no version of.
func newcomers(steps []aptStep) []string {
	return arrivals(slices.DeleteFunc(slices.Clone(steps), func(s aptStep) bool { return s.have != "" }))
}
