package cmd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// live is how far each stage of a run is, for people who look on. Events make it what it is,
// and rows draw it.
type live struct{ stages []*liveStage }

// liveStage is a stage that has something to do.
type liveStage struct {
	name     string
	began    time.Time // zero: it waits for others
	took     time.Duration
	waits    string // for this stage
	doing    string // the change that was begun or told of last
	changes  int
	made     int
	progress string // what that change said last
	failed   string
	over     bool
}

// take makes it what it is after one more event.
func (l *live) take(e provision.Event) {
	switch e.Kind {
	case provision.StageWaits:
		l.stage(e.Stage).waits = e.Text
	case provision.StagePlanned:
		if s := l.stage(e.Stage); e.Changes > 0 {
			s.begin(e.Time)
			s.changes = e.Changes
		} else {
			s.over = true
		}
	case provision.ChangeBegun:
		s := l.stage(e.Stage)
		s.begin(e.Time)
		s.doing, s.progress = fmt.Sprintf("%s %s", e.Verb, e.Subject), change.Brief(e.Text)
	case provision.Progressed, provision.ChangeLeft:
		s := l.stage(e.Stage)
		s.doing, s.progress = fmt.Sprintf("%s %s", e.Verb, e.Subject), e.Text
	case provision.ChangeMade:
		l.stage(e.Stage).made++
	case provision.StageDone:
		s := l.stage(e.Stage)
		s.over, s.took = true, e.Took
	case provision.StageFailed:
		s := l.stage(e.Stage)
		s.over, s.took, s.failed = true, e.Took, e.Text
	}
}

func (l *live) stage(name string) *liveStage {
	for _, s := range l.stages {
		if s.name == name {
			return s
		}
	}
	s := &liveStage{name: name}
	l.stages = append(l.stages, s)
	return s
}

func (s *liveStage) begin(at time.Time) {
	if s.began.IsZero() {
		s.began = at
	}
}

// rows are the stages that have something to do, a row each, none wider than width; at most
// height of them, for those that work and have failed come before those that wait.
func (l *live) rows(now time.Time, width, height int, paint palette) []string {
	var working, waiting []string
	for _, s := range l.stages {
		switch row, colour := s.row(now, width); {
		case row == "":
		case s.began.IsZero() && s.failed == "":
			waiting = append(waiting, paint.in(dim, row))
		default:
			working = append(working, paint.in(colour, row))
		}
	}
	rows := append(working, waiting...)
	return rows[:min(len(rows), max(height, 1))]
}

// row is one stage in one line; empty where there is nothing to tell of it.
func (s *liveStage) row(now time.Time, width int) (row, colour string) {
	name := fmt.Sprintf("%-12s ", s.name)
	switch {
	case s.failed != "":
		return cut(name+"failed: "+s.failed, width), red
	case s.over:
		return "", "" // a line above told of it
	case s.began.IsZero():
		return cut(name+"waits for "+s.waits, width), dim
	}
	head := fmt.Sprintf("%s%6s  %d/%d  ", name, clock(now.Sub(s.began)), s.made, s.changes)
	if share, ok := shareOf(s.progress); ok && width >= 60 {
		head += bar(share, 16) + "  "
	}
	return cut(head+s.doing+": "+s.progress, width), ""
}

// clock is a duration as it is counted up: 7s, 1m05s, 2h03m.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// cut is the first line of a text, fit for a terminal of that width.
func cut(text string, width int) string {
	text, _, _ = strings.Cut(change.Printable(text), "\n")
	text = strings.ReplaceAll(text, "\t", " ")
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width, 0)])
}

// bar draws how much of something is there.
func bar(share float64, width int) string {
	full := int(share * float64(width))
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", width-full) + "]"
}

var (
	percentTold = regexp.MustCompile(`\b(\d{1,3}) %`)
	amountTold  = regexp.MustCompile(`\b(\d+(?:\.\d+)?) (B|KiB|MiB|GiB|TiB) of (\d+(?:\.\d+)?) (B|KiB|MiB|GiB|TiB)`)
	countTold   = regexp.MustCompile(`\b(\d+) of (\d+)\b`)
)

// shareOf is how much is done, from 0 to 1, where a line tells it: "17 %", "3.0 GiB of 40.0
// GiB", "playbook 7 of 12".
func shareOf(line string) (share float64, told bool) {
	if found := amountTold.FindStringSubmatch(line); found != nil {
		return ratio(bytesOf(found[1], found[2]), bytesOf(found[3], found[4]))
	}
	if found := percentTold.FindStringSubmatch(line); found != nil {
		return ratio(number(found[1]), 100)
	}
	if found := countTold.FindStringSubmatch(line); found != nil {
		return ratio(number(found[1]), number(found[2]))
	}
	return 0, false
}

func ratio(part, whole float64) (float64, bool) {
	return min(part/max(whole, 1), 1), whole > 0
}

func bytesOf(amount, unit string) float64 {
	n := number(amount)
	for _, larger := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if unit == "B" {
			break
		}
		n *= 1024
		if unit == larger {
			break
		}
	}
	return n
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64) // the patterns match numbers only
	return n
}
