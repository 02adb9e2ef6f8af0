package cluster

import (
	"time"

	"wiabctl/provision/change"
)

// Reader reads what a job says, line by line, while it says it. It is given every line
// of the run, also by a wiabctl that came later.
type Reader interface {
	// Line takes the next line, fit for a terminal, without its time.
	Line(line string)
	// Failure tells what is known of why the job failed, in a few lines. If it is empty,
	// the last lines of the log are shown.
	Failure() string
}

// sayEvery is how often the newest line of output is shown, so that hours of it stay
// readable.
const sayEvery = 2 * time.Second

// newest is the reader of a job of whose output nothing is known: it shows its newest
// line.
type newest struct {
	say  change.Progress
	said time.Time
}

func (n *newest) Line(line string) {
	if line != "" && time.Since(n.said) >= sayEvery {
		n.say.Sayf("%s", line)
		n.said = time.Now()
	}
}

func (n *newest) Failure() string { return "" }
