package ingress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/change"
)

// Verify asks for domains as a client on the internet would.
type Verify struct {
	Set     Set            // the domains of the backend; their own certificates are trusted beside RootCAs
	Fixed   Fixed          // which pages cannot but name the default domain
	Address string         // where all of them are asked for, port 443 unless it has one; empty for what DNS says
	RootCAs *x509.CertPool // who may have signed the certificates; nil for the system's
	Timeout time.Duration  // for all answers of one domain; zero for ten seconds
}

const (
	answerTimeout = 10 * time.Second
	// rightDeadline is how long a domain may take to come up: its pods roll and its
	// certificate is issued meanwhile.
	rightDeadline = 5 * time.Minute
	// together is how many domains are asked at once.
	together = 16
)

// Domain asks for a domain and tells how it looked. The error is why it could not be asked.
func (v Verify) Domain(ctx context.Context, domain string) (Verification, error) {
	return v.ask(ctx, domain, v.Set.site(domain).questions())
}

// ask puts questions to a domain and judges the answers.
func (v Verify) ask(ctx context.Context, domain string, all []question) (Verification, error) {
	if v.Timeout == 0 {
		v.Timeout = answerTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	trust, err := v.trust(domain)
	if err != nil {
		return Verification{}, err
	}
	client := v.client(trust)
	defer client.CloseIdleConnections()
	began := time.Now()
	got := ask(ctx, client, all)
	return Verification{Domain: domain, Time: began, Took: time.Since(began), Findings: v.Set.judge(domain, v.Fixed, got, began)}, nil
}

// Domains asks for several domains, in their order.
func (v Verify) Domains(ctx context.Context, domains []string) ([]Verification, error) {
	return v.each(ctx, domains, v.Domain)
}

// each looks at several domains, in their order.
func (v Verify) each(ctx context.Context, domains []string, look func(context.Context, string) (Verification, error)) ([]Verification, error) {
	all := make([]Verification, len(domains))
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(together)
	for i, domain := range domains {
		asking.Go(func() (err error) {
			all[i], err = look(asked, domain)
			return err
		})
	}
	if err := errors.Join(asking.Wait(), context.Cause(ctx)); err != nil {
		return nil, err
	}
	return all, nil
}

// Plan is one wait for each domain that isn't right yet, with what is wrong. It asks all questions, but
// those to one domain over one connection: plans are frequent, and a hundred domains have 600 names.
func (v Verify) Plan(ctx context.Context, domains []string) ([]change.Change, error) {
	all, err := v.each(ctx, domains, func(ctx context.Context, domain string) (Verification, error) {
		site := v.Set.site(domain)
		return v.ask(ctx, domain, site.shared(site.questions()))
	})
	if err != nil {
		return nil, err
	}
	var plan []change.Change
	for _, seen := range all {
		if wrong := seen.Err(); wrong != nil {
			plan = append(plan, v.waiting(seen.Domain, wrong))
		}
	}
	return plan, nil
}

// waiting is the change that ends when the domain is right.
func (v Verify) waiting(domain string, wrong error) change.Change {
	return change.Change{
		Verb: change.Wait, Subject: "domain " + domain, Reason: oneLine(wrong), Concurrent: true,
		Apply: func(ctx context.Context, say change.Progress) error {
			right := change.Condition{
				Description: fmt.Sprintf("%s to answer at %s", domain, v.Address),
				Deadline:    rightDeadline,
				Interval:    250 * time.Millisecond,
				Check: func(ctx context.Context) error {
					seen, err := v.Domain(ctx, domain)
					if err := errors.Join(err, seen.Err()); err != nil {
						return errors.New(oneLine(err))
					}
					return nil
				},
			}
			err := right.Await(ctx, say)
			if err == nil || ctx.Err() != nil {
				return err
			}
			return VerifyFailed.Failf("%s: %w", domain, err)
		},
	}
}

// oneLine is an error with several parts in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
