package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"wiabctl/provision/change"
)

// issuance is what the cluster holds of issuing certificates: a Certificate has
// CertificateRequests, each has an Order with Let's Encrypt, and that a Challenge for each
// name (contract section 12).
type issuance struct {
	known        bool // the cluster knows the kinds: cert-manager's chart is there
	Certificates []certificate
	Requests     []request
	Orders       []order
	Challenges   []challenge
	Issuers      []issuer
}

// object is what all of them have.
type object struct {
	Metadata struct {
		Name    string    `json:"name"`
		Created time.Time `json:"creationTimestamp"`
		Owners  []struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
}

// of says whether the object was made for another.
func (o object) of(kind, name string) bool {
	for _, owner := range o.Metadata.Owners {
		if owner.Kind == kind && owner.Name == name {
			return true
		}
	}
	return false
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

type conditions []condition

// find returns the condition of the type; the zero one where there is none.
func (all conditions) find(kind string) condition {
	for _, c := range all {
		if c.Type == kind {
			return c
		}
	}
	return condition{}
}

func (c condition) holds() bool { return c.Status == "True" }

type certificate struct {
	object
	Spec struct {
		Names  []string `json:"dnsNames"`
		Issuer struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"issuerRef"`
	} `json:"spec"`
	Status struct {
		Conditions conditions `json:"conditions"`
		NotAfter   time.Time  `json:"notAfter"`
		Renewal    time.Time  `json:"renewalTime"`
		Failed     time.Time  `json:"lastFailureTime"` // gone after a success
		Attempts   int        `json:"failedIssuanceAttempts"`
	} `json:"status"`
}

func (c certificate) ready() bool { return c.Status.Conditions.find("Ready").holds() }

// issuing says whether cert-manager is getting it, while an old one may serve still.
func (c certificate) issuing() bool { return c.Status.Conditions.find("Issuing").holds() }

// failed says whether the last attempt failed and no other one has begun.
func (c certificate) failed() bool { return !c.Status.Failed.IsZero() && !c.issuing() }

// again is when cert-manager tries again by itself: an hour after the first failure, and
// each time after twice as long, up to 32 hours.
func (c certificate) again() time.Time {
	pause := time.Hour << min(max(c.Status.Attempts-1, 0), 5)
	return c.Status.Failed.Add(pause)
}

type request struct {
	object
	Status struct {
		Conditions conditions `json:"conditions"`
	} `json:"status"`
}

type order struct {
	object
	Status progress `json:"status"`
}

type challenge struct {
	object
	Spec struct {
		Name string `json:"dnsName"`
	} `json:"spec"`
	Status progress `json:"status"`
}

// progress is the state of an Order or a Challenge, as ACME names it (RFC 8555, 7.1.6), with
// cert-manager's own "errored".
type progress struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

func (p progress) failed() bool {
	return p.State == "invalid" || p.State == "expired" || p.State == "errored"
}

// issuer is an Issuer or a ClusterIssuer: an account with an ACME server.
type issuer struct {
	object
	Spec struct {
		ACME struct {
			Server string `json:"server"`
		} `json:"acme"`
	} `json:"spec"`
	Status struct {
		Conditions conditions `json:"conditions"`
	} `json:"status"`
}

// Where cert-manager's objects are.
const (
	certManagerAPI = "/apis/cert-manager.io/v1"
	acmeAPI        = "/apis/acme.cert-manager.io/v1/namespaces/default"
	inDefault      = certManagerAPI + "/namespaces/default"
)

// issuance reads it from the namespace default; nothing is known while there is no cluster
// or no cert-manager.
func (a *API) issuance(ctx context.Context) (issuance, error) {
	var i issuance
	err := list(ctx, a, inDefault+"/certificates", &i.Certificates)
	if errors.Is(err, errNotFound) || errors.Is(err, change.ErrNotInstalled) {
		return i, nil
	}
	i.known = err == nil
	if err != nil || i.atPeace() {
		return i, err
	}
	return i, errors.Join(
		list(ctx, a, inDefault+"/certificaterequests", &i.Requests),
		list(ctx, a, acmeAPI+"/orders", &i.Orders),
		list(ctx, a, acmeAPI+"/challenges", &i.Challenges),
		list(ctx, a, certManagerAPI+"/clusterissuers", &i.Issuers),
	)
}

// atPeace says that there is no story to tell, so that nothing more needs to be read.
func (i issuance) atPeace() bool {
	for _, c := range i.Certificates {
		if !c.ready() || c.issuing() || c.failed() {
			return false
		}
	}
	return true
}

// list reads all objects of a kind.
func list[T any](ctx context.Context, api *API, path string, into *[]T) error {
	var all struct {
		Items []T `json:"items"`
	}
	if err := api.get(ctx, path, url.Values{}, &all); err != nil {
		return fmt.Errorf("list %s: %w", path, err)
	}
	*into = all.Items
	return nil
}
