package ingress

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// evidence compares what one chart rendered with what was meant. What it compares is told,
// so it is never given a secret.
type evidence struct {
	chart    string
	of       string // the release, where the chart was rendered for several
	objects  manifest
	user     UserOverlay
	problems []string
}

// mostProblems is how many dropped values of a chart are told: they mostly have one cause.
const mostProblems = 10

// want notes the value as dropped unless what stands at a place is what was meant.
func (e *evidence) want(value, place string, have, meant any) {
	if !reflect.DeepEqual(have, meant) {
		e.dropped(value, differs(place, have, meant))
	}
}

// single wants the address of one domain alone gone. Beside those of several nobody can mean it:
// the service does not start (cargohold: App.hs), or the chart refuses it (galley).
func (e *evidence) single(value, place string, have, several any) {
	if have != nil && several != nil {
		e.broken(value, differs(place, have, nil))
		return
	}
	e.want(value, place, have, nil)
}

func differs(place string, have, meant any) string {
	return fmt.Sprintf("%s is %s, not %s", place, told(have), told(meant))
}

// wantEach notes the value as dropped unless all of it stands at a place.
func (e *evidence) wantEach(value, place string, have, meant []string) {
	var lacking []string
	for _, one := range meant {
		if !slices.Contains(have, one) {
			lacking = append(lacking, one)
		}
	}
	if len(lacking) > 0 {
		e.dropped(value, fmt.Sprintf("%s lacks %s", place, strings.Join(lacking, ", ")))
	}
}

// dropped notes the value, unless the user's overlay says on purpose that it be another.
func (e *evidence) dropped(value, how string) {
	if !e.user.overrides(value) {
		e.broken(value, how)
	}
}

// broken notes a value that no word of the user's makes right.
func (e *evidence) broken(value, how string) {
	if e.of != "" {
		value += " of " + e.of
	}
	e.problems = append(e.problems, value+": "+how)
}

// longestTold is how much of a value is told, in bytes.
const longestTold = 200

// told is a value in one line.
func told(value any) string {
	text, err := json.Marshal(value)
	switch {
	case value == nil:
		return "absent"
	case err != nil:
		return fmt.Sprintf("%T", value)
	case len(text) > longestTold:
		return strings.ToValidUTF8(string(text[:longestTold]), "") + "..."
	}
	return string(text)
}

// err is a LayerDropped with one line for each value; nil for none.
func (e *evidence) err() error {
	if len(e.problems) == 0 {
		return nil
	}
	lines := slices.Sorted(slices.Values(e.problems))
	if more := len(lines) - mostProblems; more > 0 {
		lines = append(lines[:mostProblems], fmt.Sprintf("and %d more", more))
	}
	return LayerDropped.Failf("the chart %s does not do what its values say:\n  %s", e.chart, strings.Join(lines, "\n  "))
}
