package ingress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/change"
)

// Verify asks for domains as a client on the internet would, but at a given
// address: DNS has no part in it.
type Verify struct {
	Address string         // the public address; port 443 unless it has one
	RootCAs *x509.CertPool // who may have signed the certificates; nil for the system's
	Extra   []Domain       // their own certificates are trusted beside RootCAs, whoever signed them
	Timeout time.Duration  // for one answer; zero for ten seconds
}

const (
	answerTimeout = 10 * time.Second
	// rightDeadline is how long a domain may take to come up: its pods roll and its
	// certificate is issued meanwhile.
	rightDeadline = 5 * time.Minute
	// together is how many domains are asked at once.
	together = 16
)

// Domain returns what is wrong with a domain, all of it: nil if its deep link is
// its own, its webapp answers, and both under a certificate that is valid for it.
func (v Verify) Domain(ctx context.Context, domain string) error {
	if v.Timeout == 0 {
		v.Timeout = answerTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	roots, err := v.roots(domain)
	if err != nil {
		return err
	}
	client := v.client(roots)
	defer client.CloseIdleConnections()

	checks := []func(context.Context, *http.Client, string) error{deeplink, webapp}
	wrong := make([]error, len(checks))
	var asking errgroup.Group
	for i, check := range checks {
		asking.Go(func() error {
			wrong[i] = check(ctx, client, domain)
			return nil
		})
	}
	return errors.Join(append(wrong, asking.Wait())...)
}

// roots are whom the domain's certificate is trusted from.
func (v Verify) roots(domain string) (*x509.CertPool, error) {
	at := slices.IndexFunc(v.Extra, func(d Domain) bool { return d.Domain == domain && d.Certificate.Own() })
	if at < 0 {
		return v.RootCAs, nil
	}
	own, err := os.ReadFile(v.Extra[at].Certificate.Cert)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", domain, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates: %w", err)
	}
	if v.RootCAs != nil {
		roots = v.RootCAs.Clone()
	}
	roots.AppendCertsFromPEM(own)
	return roots, nil
}

// Plan is one wait for each domain that isn't right yet, with what is wrong.
func (v Verify) Plan(ctx context.Context, domains []string) ([]change.Change, error) {
	wrong := make([]error, len(domains))
	var asking errgroup.Group
	asking.SetLimit(together)
	for i, domain := range domains {
		asking.Go(func() error {
			wrong[i] = v.Domain(ctx, domain)
			return nil
		})
	}
	if err := errors.Join(asking.Wait(), context.Cause(ctx)); err != nil {
		return nil, err
	}
	var plan []change.Change
	for i, domain := range domains {
		if wrong[i] != nil {
			plan = append(plan, v.waiting(domain, wrong[i]))
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
					if err := v.Domain(ctx, domain); err != nil {
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
