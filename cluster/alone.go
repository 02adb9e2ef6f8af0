package cluster

import (
	"context"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// Alone is the stage when some of the script's playbooks have to be played, whatever their
// receipts say, and no others. It wants that once, and nothing else.
type Alone struct {
	Offline
	Playbooks []string // file names

	played bool
}

// Plan wants the playbooks played.
func (a *Alone) Plan(context.Context) ([]change.Change, error) {
	if a.played {
		return nil, nil
	}
	return []change.Change{{Verb: change.Run, Subject: "offline-cluster.sh",
		Reason: "only " + strings.Join(a.Playbooks, " and ") + " was asked for", Apply: a.play}}, nil
}

// play runs the job with other inputs than the whole script's, so that its receipt does not
// stand for the whole; unless the whole was done before, and so it is still.
func (a *Alone) play(ctx context.Context, say change.Progress) error {
	whole, err := a.job(ctx)
	if err != nil {
		return err
	}
	missing, err := whole.Done(ctx, a.Admin)
	if err != nil {
		return err
	}
	part := whole
	part.Script = slices.Insert(slices.Clone(whole.Script), 2, "WIABCTL_ONLY="+strings.Join(a.Playbooks, " "))
	if err := part.Run(ctx, a.Admin, say); err != nil {
		return err
	}
	a.played = true
	if missing != "" {
		return nil
	}
	return whole.adopt(ctx, a.Admin)
}
