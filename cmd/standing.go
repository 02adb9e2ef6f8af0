package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// standing is how an installation was found at one moment.
type standing struct {
	plans    []provision.Planned
	blocked  error // why up could not begin
	versions []provision.Version
	parts    []provision.Health
	unwell   error
}

// observe asks stages and parts side by side.
func observe(ctx context.Context, installation *provision.Installation) (is standing) {
	var asked sync.WaitGroup
	asked.Go(func() { is.plans, is.blocked = installation.Plan(ctx) })
	asked.Go(func() { is.parts, is.unwell = installation.Health(ctx) })
	is.versions, _ = installation.Versions() // the stage assets tells of an error
	asked.Wait()
	return is
}

// failure is why the command does not end with 0: what cannot be told or is not well counts more than what is to do.
func (is standing) failure() error {
	if err := errors.Join(is.blocked, is.unwell); err != nil {
		return err
	}
	if provision.Count(is.plans) > 0 {
		return &exitStatus{provision.SomethingToDo.Exit}
	}
	return nil
}

// renderStanding tells of each stage, version and part.
func (o *options) renderStanding(out io.Writer, paint palette, is standing) {
	show := o.view(out)
	if o.output == "plain" {
		show = (&plainView{out: out, paint: paint, last: map[string]string{}}).show
	}
	for _, p := range is.plans {
		switch {
		case p.Err != nil:
			show(unclear(p))
		case o.output == "json":
			show(provision.Event{Time: time.Now(), Stage: p.Stage, Kind: provision.StagePlanned, Changes: len(p.Changes), Took: p.Took})
		case len(p.Changes) > 0:
			first := change.Printable(fmt.Sprintf("%s to make, first: %s", changes(len(p.Changes)), brief(p.Changes[0].String())))
			fmt.Fprintf(out, "%-12s %s\n", p.Stage, paint.in(yellow, first))
		default:
			show(provision.Event{Time: time.Now(), Stage: p.Stage, Kind: provision.StageDone})
		}
	}
	for _, v := range is.versions {
		show(provision.Event{Time: time.Now(), Stage: "assets", Kind: provision.VersionThere, Subject: v.Hash, Text: activation(v)})
	}
	for _, p := range is.parts {
		show(provision.Event{Time: time.Now(), Stage: "health", Kind: provision.EventKind(p.State), Subject: p.Part, Text: p.Text, Took: p.Took})
	}
}

// mostBrief is how much of a change's reason has room beside the other stages; `wiabctl plan` tells all.
const mostBrief = 160

// brief is the beginning of a text.
func brief(text string) string {
	if runes := []rune(text); len(runes) > mostBrief {
		return string(runes[:mostBrief]) + "..., see `wiabctl plan`"
	}
	return text
}

// activation tells when a version of the artifact was active.
func activation(v provision.Version) string {
	switch {
	case v.Active:
		return "active since " + v.Activated.Local().Format(time.DateTime)
	case !v.Activated.IsZero():
		return "last activated at " + v.Activated.Local().Format(time.DateTime)
	}
	return "never active"
}
