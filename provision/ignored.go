package provision

import (
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// Ignored are the ids of findings that a person has judged: they stop nothing and are not told.
type Ignored []string

// Check is BadUsage if preflight can find nothing of one of the ids.
func (g Ignored) Check() error {
	known := FindingIDs()
	for _, id := range g {
		if slices.Contains(known, id) {
			continue
		}
		if near := Nearest(id, known); near != "" {
			return BadUsage.Failf("preflight finds nothing that is called %q; did you mean %s?", id, near)
		}
		return BadUsage.Failf("preflight finds nothing that is called %q; it finds %s", id, strings.Join(known, ", "))
	}
	return nil
}

// apart tells what is left of findings from what is ignored. What refuses a run is only ignored where it
// is a judgement: nobody can will a processor or the right to change the host.
func (g Ignored) apart(all []Finding) (left, ignored []Finding) {
	for _, f := range all {
		switch {
		case !slices.Contains(g, f.ID):
			left = append(left, f)
		case f.Severity == change.Fatal && !f.overrulable:
			f.Advice += "; it cannot be ignored"
			left = append(left, f)
		default:
			ignored = append(ignored, f)
		}
	}
	return left, ignored
}

// FindingIDs are the ids of all that preflight can find, sorted.
func FindingIDs() []string {
	var all []string
	for _, k := range Kinds() {
		if k.Breaks != "" {
			all = append(all, k.ID)
		}
	}
	slices.Sort(all)
	return all
}
