package provision

import (
	"context"
	"errors"
	"strings"
	"time"

	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
)

// preflight is the stage that looks for everything that would make a later stage
// fail, and reports all of it at once, before anything is changed.
type preflight struct {
	checks []check
	judge  func([]Finding) error // fails with what refuses a run
	// fetch plans the download of an artifact whose digest is given: a wrong one
	// has to be refused before anything else is changed.
	fetch func(context.Context) ([]change.Change, error)
}

// Name of the stage.
func (preflight) Name() string { return "preflight" }

// Plan fails with all findings that are more than warnings. If there are none, all
// that may be left to do is to fetch the artifact into the cache and verify it.
func (p preflight) Plan(ctx context.Context) ([]change.Change, error) {
	found := examine(ctx, p.checks)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := p.judge(found); err != nil {
		return nil, err
	}
	return p.fetch(ctx)
}

// certificateCheck refuses the user's own certificates that a client would refuse or that tell of
// another domain, and warns of keys that everybody may read.
func (i *Installation) certificateCheck(context.Context) error {
	set, pairs := i.domainSet(), map[string]ingress.Pair{}
	var errs []error
	for _, d := range set.Extra {
		if !d.Certificate.Own() {
			continue
		}
		pair, err := set.ReadPair(d, time.Now(), nil)
		if err == nil {
			pairs[d.Domain] = pair
		}
		errs = append(errs, err, d.Exposed())
	}
	return errors.Join(append(errs, set.SharedKeys(pairs))...)
}

// callingCheck refuses a secret of TURN servers that cannot be read.
func (i *Installation) callingCheck(context.Context) error {
	_, err := i.config.Calling.secret()
	return err
}

// renewalCheck warns where the network lets Let's Encrypt's certificates neither come nor be
// renewed, which is noticed months later.
func (i *Installation) renewalCheck(context.Context) error {
	names := strings.Join(i.certificateNames(), ", ")
	var errs []error
	if i.config.Network.Egress == network.EgressNone {
		errs = append(errs, network.EgressClosed.Warnf("network.egress is none: the certificates %s can neither be issued nor renewed", names))
	}
	if i.config.Network.Hairpin == network.HairpinNever {
		errs = append(errs, network.HairpinClosed.Warnf("network.hairpin is never: cert-manager's own check of a domain does not come through, so the certificates %s can neither be issued nor renewed", names))
	}
	return errors.Join(errs...)
}
