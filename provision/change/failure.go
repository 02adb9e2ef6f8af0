package change

import (
	"errors"
	"fmt"
)

// ErrNotInstalled says that the program a question goes to is not there yet. A
// plan on a bare host takes it for "nothing exists".
var ErrNotInstalled = errors.New("not installed")

// Kind is an entry of the failure catalogue: what a user can meet, under an id
// and an exit code that never change.
type Kind struct {
	ID     string // "port-taken"
	Exit   int    // the process's exit code, 10 to 125, unique
	Means  string // what has happened, whatever the occurrence, one line
	Advice string // what to do next, one line
}

// Docs is the place in the documentation that tells of the kind.
func (k Kind) Docs() string { return "docs/failures.md#" + k.ID }

// Failure is one occurrence of a Kind.
type Failure struct {
	Kind
	Cause string // what was found and where, one line
	Err   error  // the error beneath, if any
}

// Failf makes a Failure of the kind. A %w in the format is unwrapped by errors.Is.
func (k Kind) Failf(format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	return &Failure{Kind: k, Cause: err.Error(), Err: errors.Unwrap(err)}
}

// Error is the cause in one line.
func (f *Failure) Error() string { return f.Cause }

// Unwrap gives the error beneath.
func (f *Failure) Unwrap() error { return f.Err }

// Is makes errors.Is(err, target) true for a Failure of the same kind.
func (f *Failure) Is(target error) bool {
	other, ok := target.(*Failure)
	return ok && other.ID == f.ID
}

// Warning is a finding that stops nothing: it is told, and the run goes on.
type Warning struct{ *Failure }

// Warnf makes a Warning of the kind; its exit code is never used.
func (k Kind) Warnf(format string, args ...any) *Warning { return &Warning{k.Failf(format, args...)} }

// Unwrap gives the Failure that the warning tells of.
func (w *Warning) Unwrap() error { return w.Failure }

// Warnings takes the warnings out of a tree of joined errors, and returns what is left: nil
// where there was nothing else.
func Warnings(err error) (warnings []*Warning, rest error) {
	switch e := err.(type) { //nolint:errorlint // this walks the tree itself
	case *Warning:
		return []*Warning{e}, nil
	case interface{ Unwrap() []error }:
		var others []error
		for _, inner := range e.Unwrap() {
			found, other := Warnings(inner)
			warnings = append(warnings, found...)
			others = append(others, other)
		}
		return warnings, errors.Join(others...)
	default:
		return nil, err
	}
}

// Failures lists every Failure in err, looking through wrapped and joined errors.
func Failures(err error) []*Failure {
	switch e := err.(type) { //nolint:errorlint // this walks the tree itself
	case nil:
		return nil
	case *Failure:
		return []*Failure{e}
	case interface{ Unwrap() []error }:
		var all []*Failure
		for _, inner := range e.Unwrap() {
			all = append(all, Failures(inner)...)
		}
		return all
	default:
		return Failures(errors.Unwrap(err))
	}
}
