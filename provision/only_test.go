package provision

import (
	"slices"
	"strings"
	"testing"
)

func TestOnly(t *testing.T) {
	stage := func(name string) Stage { return testStage{name: name} }
	all := []Step{{stage("a"), nil}, {stage("b"), []string{"a"}}, {stage("c"), []string{"a"}}, {stage("d"), []string{"b", "c"}}, {stage("e"), []string{"d"}}}
	some := only(all, []string{"e", "b", "a"})
	var got []string
	for _, step := range some {
		slices.Sort(step.After)
		got = append(got, step.Name()+" after "+strings.Join(slices.Compact(step.After), ","))
	}
	if want := []string{"a after ", "b after a", "e after a,b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
