package cluster

import (
	"errors"
	"maps"
	"slices"
)

// Faults are what is wrong with what was rendered, by its name; what is right is not among them.
type Faults map[string]error

// Err is all of it, in the order of the names; nil where nothing is wrong.
func (f Faults) Err() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f)) {
		errs = append(errs, f[name])
	}
	return errors.Join(errs...)
}
