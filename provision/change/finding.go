package change

import "errors"

// Severity is how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Fatal   Severity = "fatal"   // a run is refused
	Serious Severity = "warning" // a run goes on, and something does not work, or not for long
	Noted   Severity = "note"    // nothing is broken by it
)

// Severities are all of them, the worst first.
func Severities() []Severity { return []Severity{Fatal, Serious, Noted} }

// SeverityOf is how bad an error is that is no join of others.
func SeverityOf(err error) Severity {
	w, is := errors.AsType[*Warning](err)
	switch {
	case !is:
		return Fatal
	case w.Minor:
		return Noted
	default:
		return Serious
	}
}
