package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// Certificates is the stage that waits until cert-manager has every Certificate
// ready, for helm itself does not wait for them (contract section 2.1).
type Certificates struct {
	Admin *Admin
	API   *API
	Want  []string // the names that must be there, in the namespace default
	// Obstacle says why a kubenode, and so a pod, does not get through to these places,
	// each host:port; nil if it does. It is asked about what cert-manager does not reach.
	Obstacle func(ctx context.Context, to []string) error
}

// Name of the stage.
func (Certificates) Name() string { return "certificates" }

// patience is the longest that a Certificate may take that nothing refuses.
const patience = 15 * time.Minute

// Plan lists the certificates that are not ready, or not at peace: one that is valid may be
// in the middle of a renewal, or have failed at it. Of the latter those that were refused
// for having asked too often are left alone.
func (c Certificates) Plan(ctx context.Context) ([]change.Change, error) {
	is, err := c.API.issuance(ctx)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	shared := &lookout{api: c.API}
	for _, name := range c.Want {
		if s := is.story(name); !is.settled(name, s) {
			changes = append(changes, c.change(name, s, shared))
		}
	}
	return changes, nil
}

// settled says that nothing is to be done or waited for.
func (i issuance) settled(name string, s story) bool {
	if s.Text == "" {
		return true
	}
	for _, c := range i.Certificates {
		if c.Metadata.Name == name {
			return c.ready() && s.Limited
		}
	}
	return false
}

// change is what makes the certificate ready: waiting, or another attempt.
func (c Certificates) change(name string, s story, shared *lookout) change.Change {
	if s.Refused.IsZero() || s.Limited {
		return change.Change{Verb: change.Wait, Subject: "certificate " + name, Reason: s.Text, Concurrent: true,
			Apply: func(ctx context.Context, say change.Progress) error {
				return c.await(ctx, shared, name, time.Time{}, say)
			}}
	}
	return change.Change{Verb: change.Restart, Subject: "certificate " + name, Reason: s.Text, Concurrent: true,
		Apply: func(ctx context.Context, say change.Progress) error {
			if err := c.retry(ctx, shared, name, say); err != nil {
				return err
			}
			return c.await(ctx, shared, name, s.Refused, say)
		}}
}

// Pending says whether any Certificate of the cluster is not ready, is being issued again or
// waits for that, or a wanted one is missing. It is true as well where it cannot be told.
func (c Certificates) Pending(ctx context.Context) bool {
	is, err := c.API.issuance(ctx)
	if err != nil {
		return true
	}
	names := slices.Clone(c.Want) // stages ask side by side
	for _, one := range is.Certificates {
		names = append(names, one.Metadata.Name)
	}
	for _, name := range names {
		if !is.settled(name, is.story(name)) {
			return true
		}
	}
	return false
}

// await waits until the certificate is ready. It ends at once when that is refused, later
// than before, and soon when cert-manager cannot succeed, for a reason that a kubenode
// knows.
func (c Certificates) await(ctx context.Context, shared *lookout, name string, before time.Time, say change.Progress) error {
	search := search{obstacle: c.Obstacle}
	err := change.Condition{
		Description: "certificate " + name,
		Deadline:    patience,
		Interval:    lookEvery,
		Check: func(ctx context.Context) error {
			is, err := shared.look(ctx)
			if err != nil {
				return err
			}
			s := is.story(name)
			switch {
			case s.Text == "":
				return nil
			case !is.known:
				return change.Never(errors.New(s.Text))
			case s.Refused.After(before):
				return change.Never(s.failure(name))
			}
			if err := search.look(ctx, s.Unreached); err != nil {
				return change.Never(err)
			}
			return errors.New(s.Text)
		},
	}.Await(ctx, say)
	if err == nil || change.Left(ctx) != nil || len(change.Failures(err)) > 0 {
		return err
	}
	return CertificateNotReady.Failf("certificate %s: %w", name, err)
}

// failure tells of a refusal, and when there will be another attempt without anybody.
func (s story) failure(name string) error {
	next := "and at once with the next `wiabctl up`"
	if s.Limited {
		next = "and wiabctl does not have it asked before"
	}
	return CertificateRefused.Failf("certificate %s: %s; cert-manager tries again at %s, %s", name, s.Text, stamp(s.Again), next)
}
