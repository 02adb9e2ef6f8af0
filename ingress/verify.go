package ingress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
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
	// Right is given how a domain looked when a plan, or the wait that a plan led to, found it right; nil: nobody asks.
	// Several may call it at once.
	Right func(Verification)
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
	all, err := v.each(ctx, []string{domain}, apart)
	if err != nil {
		return Verification{}, err
	}
	return all[0], nil
}

// ask puts questions to a domain and judges the answers. Those to the conference server, which
// serves all domains, go by a client of its own.
func (v Verify) ask(ctx context.Context, domain string, all []question, conference *http.Client) (Verification, error) {
	if v.Timeout == 0 {
		v.Timeout = answerTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	trust, err := v.trust(domain)
	if err != nil {
		return Verification{}, err
	}
	own := v.client(trust)
	defer own.CloseIdleConnections()
	began := time.Now()
	got := ask(ctx, all, func(host string) *http.Client {
		if host == v.Set.SFT {
			return conference
		}
		return own
	})
	return Verification{Domain: domain, Time: began, Took: time.Since(began), Findings: v.Set.judge(domain, v.Fixed, got, began)}, nil
}

// Domains asks for several domains, in their order.
func (v Verify) Domains(ctx context.Context, domains []string) ([]Verification, error) {
	return v.each(ctx, domains, apart)
}

// apart has each host asked over a connection of its own.
func apart(s site) []question { return s.questions() }

// each asks several domains questions, in their order. The conference server is asked about all of them
// over the same few connections.
func (v Verify) each(ctx context.Context, domains []string, questions func(site) []question) ([]Verification, error) {
	conference := v.client(&tls.Config{RootCAs: v.RootCAs, MinVersion: tls.VersionTLS12})
	defer conference.CloseIdleConnections()
	all := make([]Verification, len(domains))
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(together)
	for i, domain := range domains {
		asking.Go(func() (err error) {
			all[i], err = v.ask(asked, domain, questions(v.Set.site(domain)), conference)
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
	all, err := v.each(ctx, domains, func(s site) []question { return s.shared(s.questions()) })
	if err != nil {
		return nil, err
	}
	var plan []change.Change
	for _, seen := range all {
		if wrong := seen.Err(); wrong != nil {
			plan = append(plan, v.waiting(seen.Domain, wrong))
		} else if v.Right != nil {
			v.Right(seen)
		}
	}
	return plan, nil
}

// waiting is the change that ends when the domain is right.
func (v Verify) waiting(domain string, wrong error) change.Change {
	return change.Change{
		Verb: change.Wait, Subject: "domain " + domain, Reason: wrong.Error(), Concurrent: true,
		Apply: func(ctx context.Context, say change.Progress) error {
			var seen Verification
			right := change.Condition{
				Description: fmt.Sprintf("%s to answer at %s", domain, v.Address),
				Deadline:    rightDeadline,
				Interval:    250 * time.Millisecond,
				Check: func(ctx context.Context) (err error) {
					seen, err = v.Domain(ctx, domain)
					return errors.Join(err, seen.Err())
				},
			}
			err := right.Await(ctx, say)
			if err == nil && v.Right != nil {
				v.Right(seen)
			}
			if err == nil || change.Left(ctx) != nil {
				return err
			}
			return VerifyFailed.Failf("%s: %w", domain, err)
		},
	}
}

// oneLine is an error with several parts in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
