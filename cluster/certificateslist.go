package cluster

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Certificate is one that cert-manager looks after.
type Certificate struct {
	Name     string    `json:"name"`
	Domains  []string  `json:"domains"`
	Ready    bool      `json:"ready"`
	NotAfter time.Time `json:"not_after,omitzero"` // zero: there is none yet
	Renewal  time.Time `json:"renewal,omitzero"`   // when cert-manager gets the next one
	Problem  string    `json:"problem,omitempty"`  // what is missing, in a line
}

// Certificates lists all of the namespace default, by name; none while there is no cluster or
// no cert-manager.
func (a *API) Certificates(ctx context.Context) ([]Certificate, error) {
	is, err := a.issuance(ctx)
	return is.list(time.Now()), err
}

func (i issuance) list(now time.Time) []Certificate {
	var all []Certificate
	for _, c := range i.Certificates {
		one := Certificate{Name: c.Metadata.Name, Domains: c.Spec.Names, Ready: c.ready(),
			NotAfter: c.Status.NotAfter, Renewal: c.Status.Renewal, Problem: i.story(c.Metadata.Name).Text}
		if one.Problem == "" && !one.Renewal.IsZero() && one.Renewal.Before(now) {
			one.Problem = "its renewal is due since " + stamp(one.Renewal) + ", and cert-manager has not begun"
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Certificate) int { return strings.Compare(a.Name, b.Name) })
	return all
}
