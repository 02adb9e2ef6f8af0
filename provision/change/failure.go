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
	Exit   int    // the process's exit code, 3 to 125 or 170 to 199, unique
	Means  string // what has happened, whatever the occurrence, one line
	Advice string // what to do next, one line

	// Breaks is what does not work, or not for long, while it is so: told of what preflight finds.
	Breaks string
	// Command mends it, or begins to; an occurrence may know a better one (Failure.Remedy).
	Command string
	// Overrulable says that it is a judgement: a person who knows better may have the run go on.
	Overrulable bool
}

// Docs is the place in the documentation that tells of the kind.
func (k Kind) Docs() string { return "docs/failures.md#" + k.ID }

// Failure is one occurrence of a Kind.
type Failure struct {
	Kind
	Cause  string // what was found and where, one line
	Remedy string // the command that mends this very occurrence; empty: none is known but the kind's
	Err    error  // the error beneath, if any
}

// Failf makes a Failure of the kind. A %w in the format is unwrapped by errors.Is.
func (k Kind) Failf(format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	return &Failure{Kind: k, Cause: err.Error(), Err: errors.Unwrap(err)}
}

// By names the command that mends this occurrence; empty: none is known but the kind's.
func (f *Failure) By(command string) *Failure {
	f.Remedy = command
	return f
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
type Warning struct {
	*Failure
	Minor bool // nothing is broken by it: only who asks is told
}

// Warnf makes a Warning of the kind.
func (k Kind) Warnf(format string, args ...any) *Warning {
	return &Warning{Failure: k.Failf(format, args...)}
}

// Notef makes a minor Warning of the kind.
func (k Kind) Notef(format string, args ...any) *Warning {
	return &Warning{Failure: k.Failf(format, args...), Minor: true}
}

// By names the command that mends this occurrence; empty: none is known but the kind's.
func (w *Warning) By(command string) *Warning {
	w.Failure = w.Failure.By(command)
	return w
}

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

// Warned makes warnings of all failures in err; what is of no kind stays as it is.
func Warned(err error) error {
	var all []error
	for _, leaf := range Leaves(err) {
		failures := Failures(leaf)
		if _, is := errors.AsType[*Warning](leaf); is || len(failures) == 0 {
			all = append(all, leaf)
			continue
		}
		for _, f := range failures {
			all = append(all, &Warning{Failure: f})
		}
	}
	return errors.Join(all...)
}

// Leaves are the errors that are joined in err, also in joins of joins.
func Leaves(err error) []error {
	if err == nil {
		return nil
	}
	joined, is := err.(interface{ Unwrap() []error })
	if !is {
		return []error{err}
	}
	var all []error
	for _, inner := range joined.Unwrap() {
		all = append(all, Leaves(inner)...)
	}
	return all
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
