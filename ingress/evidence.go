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
	objects  manifest
	problems []string
}

// mostProblems is how many dropped values of a chart are told: they mostly have one cause.
const mostProblems = 10

// want notes the value as dropped unless what stands at a place is what was meant.
func (e *evidence) want(value, place string, have, meant any) {
	if !reflect.DeepEqual(have, meant) {
		e.dropped(value, fmt.Sprintf("%s is %s, not %s", place, told(have), told(meant)))
	}
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

func (e *evidence) dropped(value, how string) {
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
