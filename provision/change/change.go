package change

import (
	"context"
	"fmt"
	"strings"
)

// Verb names the kind of a change.
type Verb string

// The verbs a plan may hold.
const (
	Create  Verb = "create"  // the subject does not exist yet
	Update  Verb = "update"  // the subject exists and differs
	Replace Verb = "replace" // the subject has to go and come back
	Delete  Verb = "delete"  // the subject has to go
	Start   Verb = "start"   // the subject exists and does not run
	Stop    Verb = "stop"    // the subject runs and has to end
	Restart Verb = "restart" // the subject has to end and start anew
	Run     Verb = "run"     // an opaque script has to run
	Wait    Verb = "wait"    // nothing to do but to wait until the subject is as it should be
)

// Change is one difference between the system and the configuration, and the
// act that removes it.
type Change struct {
	Verb    Verb
	Subject string // what is changed, such as "domain kubenode1"
	Reason  string // why, in words: "memory is 8 GiB, configured 9 GiB"; a line for each cause
	// Concurrent allows this change to run beside its neighbours in the plan
	// that allow it too.
	Concurrent bool
	// AtMost is how many of those neighbours may run at a time, this one included; 0: all.
	AtMost int
	// Apply makes the change. It is safe to repeat after an interruption.
	Apply func(ctx context.Context, say Progress) error
	// Diff is what differs, a line each: "+ path: new", "~ path: old -> new", "- path". It
	// holds no secret.
	Diff []string
	// Within is the subject of a change that this one is a step towards; if that is planned too, its Diff may tell of all
	// that this one's does. Empty: there is none.
	Within string
}

// String is the line a plan shows for the change.
func (c Change) String() string {
	return fmt.Sprintf("%s %s: %s", c.Verb, c.Subject, Brief(c.Reason))
}

// Brief is the first line of a text, and how many others there are.
func Brief(text string) string {
	first, others, more := strings.Cut(text, "\n")
	if !more {
		return first
	}
	return fmt.Sprintf("%s; and %d more", first, strings.Count(others, "\n")+1)
}

// Places are where the lines of a Diff say that something differs.
func Places(diff []string) []string {
	places := make([]string, len(diff))
	for n, line := range diff {
		_, place, _ := strings.Cut(line, " ")
		places[n], _, _ = strings.Cut(place, ": ")
	}
	return places
}

// Progress is told, in one line, what is being done or waited for.
type Progress func(line string)

// Sayf reports a formatted line; a nil Progress is silent.
func (p Progress) Sayf(format string, args ...any) {
	if p != nil {
		p(fmt.Sprintf(format, args...))
	}
}
