package provision

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/agnivade/levenshtein"

	"wiabctl/assets"
	"wiabctl/provision/change"
)

// Unlisted stands for what is in no catalogue: an error whose own words are all there is.
var Unlisted = change.Kind{ID: "unlisted", Exit: 1,
	Means:  "something failed that the catalogue does not foresee",
	Advice: "read its own words above; `wiabctl support` collects what somebody else needs to find the cause"}

// SomethingToDo is no failure of its own: it is the exit code of commands that look, and find a difference.
var SomethingToDo = change.Kind{ID: "something-to-do", Exit: 2,
	Means:  "`wiabctl plan` or `wiabctl status` found something that is not as configured",
	Advice: "`wiabctl up` makes it so"}

// Explain is the kind of failure that a word means: its id, as printed in brackets, or its exit code. The
// failure-unknown of any other word names the ids that it is a part of, else the nearest.
func Explain(word string) (change.Kind, error) {
	id := strings.ToLower(strings.Trim(word, "[]"))
	kinds := Kinds()
	for _, k := range kinds {
		if k.ID == id || strconv.Itoa(k.Exit) == id {
			return k, nil
		}
	}
	if _, err := strconv.Atoi(id); err == nil {
		return change.Kind{}, FailureUnknown.Failf("no failure has the exit code %s", id)
	}
	if parts := containing(id, kinds); len(parts) > 0 {
		return change.Kind{}, FailureUnknown.Failf("no failure has the id %q; there are %s", word, strings.Join(parts, ", "))
	}
	return change.Kind{}, FailureUnknown.Failf("no failure has the id %q; the nearest is %s", word, nearest(id, kinds))
}

// containing are the ids that the word is a part of.
func containing(word string, kinds []change.Kind) (ids []string) {
	for _, k := range kinds {
		if word != "" && strings.Contains(k.ID, word) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// nearest is the id that differs least from the typed one.
func nearest(typed string, kinds []change.Kind) string {
	return slices.MinFunc(kinds, func(a, b change.Kind) int {
		return levenshtein.ComputeDistance(typed, a.ID) - levenshtein.ComputeDistance(typed, b.ID)
	}).ID
}

// KindsOf are the kinds of the failures in an error, each once and in their order. An error that bears none is told
// by its cause where people can act on that: a full disk, rights that are missing. Else it is Unlisted.
func KindsOf(err error) []change.Kind {
	var kinds []change.Kind
	for _, f := range change.Failures(err) {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	switch {
	case len(kinds) > 0:
		return kinds
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return []change.Kind{assets.NoSpace}
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return []change.Kind{NotRoot}
	default:
		return []change.Kind{Unlisted}
	}
}
