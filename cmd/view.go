package cmd

import (
	"encoding/json"
	"fmt"
	"io"
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
	return (&plainView{out: out, last: map[string]string{}}).show
}

// plainView writes a line for each thing that happens, without repetitions.
type plainView struct {
	out  io.Writer
	last map[string]string // by stage and subject
}

// further begins each line of a text but its first.
var further = strings.Repeat(" ", 15)

func (v *plainView) show(e provision.Event) {
	line := ""
	switch e.Kind {
	case provision.StagePlanned, provision.StageFailed: // failures are told once, at the end
		return
	case provision.ChangeWanted, provision.ChangeBegun:
		line = fmt.Sprintf("%s %s: %s", e.Verb, e.Subject, e.Text)
	case provision.Warned:
		line = fmt.Sprintf("warning: %s [%s]", e.Text, e.Subject)
	case provision.VersionThere:
		line = fmt.Sprintf("version %s: %s", e.Subject, e.Text)
	case provision.PartHealthy, provision.PartAbsent:
		line = fmt.Sprintf("%s: %s", e.Subject, e.Text)
	case provision.PartUnhealthy:
		line = fmt.Sprintf("%s: NOT WELL: %s", e.Subject, e.Text)
	case provision.PartSilent:
		line = fmt.Sprintf("%s: cannot be asked: %s", e.Subject, e.Text)
	case provision.StageUnclear:
		line = "cannot tell: " + e.Text
	case provision.Progressed:
		line = fmt.Sprintf("  %s: %s", e.Subject, e.Text)
	case provision.ChangeMade:
		line = fmt.Sprintf("  %s: done in %s", e.Subject, short(e.Took))
	case provision.StageDone:
		line = "as configured"
		if e.Changes > 0 {
			line = fmt.Sprintf("as configured, after %s in %s", changes(e.Changes), short(e.Took))
		}
	}
	if key := e.Stage + "/" + e.Subject; v.last[key] != line {
		v.last[key] = line
		fmt.Fprintf(v.out, "%-12s %s\n", e.Stage, strings.ReplaceAll(change.Printable(line), "\n", "\n"+further))
	}
}

// renderPlan lists what each stage wants to do, and which cannot tell yet.
func (o *options) renderPlan(out io.Writer, plans []provision.Planned) {
	show := o.view(out)
	for _, plan := range plans {
		for _, c := range plan.Changes {
			show(provision.Event{Time: time.Now(), Stage: plan.Stage, Kind: provision.ChangeWanted, Verb: c.Verb, Subject: c.Subject, Text: c.Reason})
		}
		if plan.Err != nil {
			show(unclear(plan))
		}
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
