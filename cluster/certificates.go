package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// Certificates is the stage that waits until cert-manager has every Certificate
// ready, for helm itself does not wait for them (contract section 2.1).
type Certificates struct {
	API  *API
	Want []string // the names that must be there, in the namespace default
}

// Name of the stage.
func (Certificates) Name() string { return "certificates" }

// certificate is the part of a cert-manager Certificate that tells how it stands.
type certificate struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Status struct {
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

// problem says why the certificate is not ready; empty means that it is.
func (c certificate) problem() string {
	for _, condition := range c.Status.Conditions {
		if condition.Type != "Ready" {
			continue
		}
		if condition.Status == "True" {
			return ""
		}
		return cmp.Or(condition.Message, "it is not ready")
	}
	return "cert-manager has not looked at it yet"
}

// issuing says whether cert-manager is getting it anew, while the old one may serve still.
func (c certificate) issuing() bool {
	for _, condition := range c.Status.Conditions {
		if condition.Type == "Issuing" && condition.Status == "True" {
			return true
		}
	}
	return false
}

// patience is the longest that a Certificate may take: an ACME order needs minutes,
// and one that has failed is tried again after an hour, which is not waited for.
const patience = 15 * time.Minute

// Plan lists the certificates that are not ready.
func (c Certificates) Plan(ctx context.Context) ([]change.Change, error) {
	problems, err := c.problems(ctx)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	for _, name := range c.Want {
		if problem := problems[name]; problem != "" {
			changes = append(changes, change.Change{Verb: change.Wait, Subject: "certificate " + name, Reason: problem,
				Concurrent: true, Apply: c.await(name)})
		}
	}
	return changes, nil
}

// Pending says whether any Certificate of the cluster is not ready or is being
// issued again, or a wanted one is missing. It is true as well where it cannot be told.
func (c Certificates) Pending(ctx context.Context) bool {
	all, err := c.list(ctx)
	if err != nil {
		return true
	}
	for _, name := range c.Want {
		if !slices.ContainsFunc(all, func(one certificate) bool { return one.Metadata.Name == name }) {
			return true
		}
	}
	return slices.ContainsFunc(all, func(one certificate) bool { return one.problem() != "" || one.issuing() })
}

func (c Certificates) await(name string) func(context.Context, change.Progress) error {
	return func(ctx context.Context, say change.Progress) error {
		err := change.Condition{
			Description: "certificate " + name + " to be ready",
			Deadline:    patience,
			Interval:    200 * time.Millisecond,
			Check: func(ctx context.Context) error {
				problems, err := c.problems(ctx)
				if err == nil && problems[name] != "" {
					err = errors.New(problems[name])
				}
				return err
			},
		}.Await(ctx, say)
		if err != nil && ctx.Err() == nil {
			return CertificateNotReady.Failf("certificate %s: %w", name, err)
		}
		return err
	}
}

// problems tells for each wanted certificate why it is not ready.
func (c Certificates) problems(ctx context.Context) (map[string]string, error) {
	problems := map[string]string{}
	for _, name := range c.Want {
		problems[name] = "it does not exist yet"
	}
	all, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		problems[one.Metadata.Name] = one.problem()
	}
	return problems, nil
}

// list are all Certificates of the namespace; none while there is no cluster or no cert-manager.
func (c Certificates) list(ctx context.Context) ([]certificate, error) {
	var list struct {
		Items []certificate `json:"items"`
	}
	err := c.API.get(ctx, "/apis/cert-manager.io/v1/namespaces/default/certificates", nil, &list)
	if errors.Is(err, errNotFound) || errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the certificates: %w", err)
	}
	return list.Items, nil
}
