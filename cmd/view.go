package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// view renders events as they come.
func (o *options) view(out io.Writer) provision.Observer {
	if o.output == "json" {
		lines := json.NewEncoder(out)
		return func(e provision.Event) { _ = lines.Encode(e) } // a closed pipe is no reason to stop working
	}
	if t, ok := terminalOf(out); ok && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != "" {
		return liveViewOf(out.(*os.File), t).show
	}
	return newPlainView(out).show
}

// plainView writes a line for each thing that happens, without repetitions.
type plainView struct {
	out   io.Writer
	paint palette
	last  map[string]string // by stage and subject
}

func newPlainView(out io.Writer) *plainView {
	return &plainView{out: out, paint: paletteOf(out), last: map[string]string{}}
}

// further begins each line of a text but its first.
var further = strings.Repeat(" ", 15)

func (v *plainView) show(e provision.Event) {
	line := describe(e)
	if line == "" || v.last[e.Stage+"/"+e.Subject] == line {
		return
	}
	v.last[e.Stage+"/"+e.Subject] = line
	fmt.Fprintf(v.out, "%-12s %s\n", e.Stage, v.paint.lines(e, strings.ReplaceAll(change.Printable(line), "\n", "\n"+further)))
}

// describe is an event in words, in further lines where one does not do; nothing where
// others tell of it.
func describe(e provision.Event) string {
	switch e.Kind {
	case provision.ChangeWanted:
		line := fmt.Sprintf("%s %s %s: %s", mark(e), e.Verb, e.Subject, change.Brief(e.Text))
		if e.Within != "" {
			return line + "; what differs is told at " + e.Within
		}
		return strings.Join(append([]string{line}, e.Diff...), "\n")
	case provision.ChangeBegun:
		return fmt.Sprintf("%s %s: %s", e.Verb, e.Subject, change.Brief(e.Text))
	case provision.Warned:
		return fmt.Sprintf("warning: %s [%s]", e.Text, e.Subject)
	case provision.VersionThere:
		return fmt.Sprintf("version %s: %s", e.Subject, e.Text)
	case provision.PartHealthy, provision.PartAbsent:
		return fmt.Sprintf("%s: %s", e.Subject, e.Text)
	case provision.PartUnhealthy:
		return fmt.Sprintf("%s: NOT WELL: %s", e.Subject, e.Text)
	case provision.PartSilent:
		return fmt.Sprintf("%s: cannot be asked: %s", e.Subject, e.Text)
	case provision.StageUnclear:
		return mark(e) + " cannot tell: " + e.Text
	case provision.Progressed:
		return fmt.Sprintf("  %s: %s", e.Subject, e.Text)
	case provision.ChangeLeft:
		return fmt.Sprintf("stopping: %s %s: %s", e.Verb, e.Subject, e.Text)
	case provision.ChangeMade:
		return fmt.Sprintf("  %s: done in %s", e.Subject, short(e.Took))
	case provision.StageDone:
		if e.Changes == 0 {
			return "as configured"
		}
		return fmt.Sprintf("as configured, after %s in %s", changes(e.Changes), short(e.Took))
	default: // failures are told once, at the end
		return ""
	}
}

// unclear is the event of a stage that cannot tell what it has to do.
func unclear(plan provision.Planned) provision.Event {
	text := strings.TrimPrefix(plan.Err.Error(), plan.Stage+": ")
	return provision.Event{Time: time.Now(), Stage: plan.Stage, Kind: provision.StageUnclear, Text: text}
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// changes counts them in words.
func changes(n int) string { return several(n, "change") }

// several is a number of things in words.
func several(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
