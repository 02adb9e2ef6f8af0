package cluster

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// story is how a certificate stands.
type story struct {
	Text string // what is missing, in a line; empty: it is there and nothing is to be done
	// Refused is when the last attempt failed for good, zero if it did not: cert-manager
	// begins no other one before Again.
	Refused, Again time.Time
	Limited        bool // refused for having asked too often: asking again makes it worse
	// Unreached are the places, as host:port, that cert-manager says it does not get through
	// to. It tries again until it does.
	Unreached []string
}

// story tells how the certificate of that name stands.
func (i issuance) story(name string) story {
	at := slices.IndexFunc(i.Certificates, func(c certificate) bool { return c.Metadata.Name == name })
	switch {
	case !i.known:
		return story{Text: "there is no cert-manager: the cluster does not know Certificates"}
	case at < 0:
		return story{Text: "it does not exist yet"}
	}
	c := i.Certificates[at]
	switch {
	case c.failed():
		return i.refused(c)
	case c.issuing() && c.ready():
		s := i.underWay(c)
		s.Text = "it is valid and being renewed: " + s.Text
		return s
	case c.ready():
		return story{}
	case len(c.Status.Conditions) == 0:
		return story{Text: "cert-manager has not looked at it yet"}
	default:
		return i.underWay(c)
	}
}

// refused tells of an attempt that failed for good.
func (i issuance) refused(c certificate) story {
	s := story{Refused: c.Status.Failed, Again: c.again()}
	_, o := i.attempt(c)
	failed := slices.DeleteFunc(i.challenges(o), func(ch challenge) bool { return !ch.Status.failed() })
	why := cmp.Or(complaints(failed), explain(cmp.Or(o.Status.Reason, c.Status.Conditions.find("Issuing").Message, "no reason is told")))
	s.Limited = strings.Contains(why, rateLimited)
	s.Text = "refused at " + stamp(s.Refused) + ": " + why
	if c.ready() {
		s.Text = "it is valid, its renewal was " + s.Text
	}
	return s
}

// underWay tells how far cert-manager has come.
func (i issuance) underWay(c certificate) story {
	r, o := i.attempt(c)
	challenges := i.challenges(o)
	for _, is := range i.Issuers {
		if ready := is.Status.Conditions.find("Ready"); is.Metadata.Name == c.Spec.Issuer.Name && c.Spec.Issuer.Kind == "ClusterIssuer" && !ready.holds() && ready.Type != "" {
			return story{Text: "its issuer " + is.Metadata.Name + " is not ready: " + explain(ready.Message), Unreached: server(is)}
		}
	}
	switch {
	case r.Metadata.Name == "":
		return story{Text: cmp.Or(c.Status.Conditions.find("Ready").Message, "cert-manager has not begun")}
	case o.Metadata.Name == "":
		return story{Text: "requested: " + cmp.Or(r.Status.Conditions.find("Ready").Message, "cert-manager has made no order yet")}
	case o.Status.State == "":
		return story{Text: "its order is not placed with Let's Encrypt yet", Unreached: i.serverOf(c)}
	case len(challenges) == 0:
		return story{Text: "its order is " + o.Status.State}
	}
	return validating(challenges)
}

// validating tells which names are still to be proven.
func validating(challenges []challenge) story {
	var s story
	var waiting []string
	valid := 0
	for _, ch := range challenges {
		switch reason, checking := strings.CutPrefix(ch.Status.Reason, selfCheck); {
		case ch.Status.State == "valid":
			valid++
		case checking:
			waiting = append(waiting, ch.Spec.Name+": cert-manager's own check: "+explain(reason))
			s.Unreached = append(s.Unreached, net.JoinHostPort(ch.Spec.Name, "80"))
		case ch.Status.Reason != "":
			waiting = append(waiting, ch.Spec.Name+": "+explain(ch.Status.Reason))
		default:
			waiting = append(waiting, ch.Spec.Name+": "+cmp.Or(ch.Status.State, "not begun"))
		}
	}
	s.Text = fmt.Sprintf("%d of %d names are proven", valid, len(challenges))
	if len(waiting) > 0 {
		s.Text += "; " + waiting[0]
	}
	if more := len(waiting) - 1; more > 0 {
		s.Text += fmt.Sprintf("; and %d more", more)
	}
	return s
}

// attempt is the newest request of the certificate, with its order.
func (i issuance) attempt(c certificate) (r request, o order) {
	for _, each := range i.Requests {
		if each.of("Certificate", c.Metadata.Name) && !each.Metadata.Created.Before(r.Metadata.Created) {
			r = each
		}
	}
	for _, each := range i.Orders {
		if each.of("CertificateRequest", r.Metadata.Name) {
			o = each
		}
	}
	return r, o
}

// challenges are those of the order, by name.
func (i issuance) challenges(o order) []challenge {
	var all []challenge
	for _, ch := range i.Challenges {
		if ch.of("Order", o.Metadata.Name) {
			all = append(all, ch)
		}
	}
	slices.SortFunc(all, func(a, b challenge) int { return cmp.Compare(a.Spec.Name, b.Spec.Name) })
	return all
}

// serverOf is where the certificate's ACME server listens.
func (i issuance) serverOf(c certificate) []string {
	for _, is := range i.Issuers {
		if is.Metadata.Name == c.Spec.Issuer.Name {
			return server(is)
		}
	}
	return nil
}

func server(is issuer) []string {
	at, err := url.Parse(is.Spec.ACME.Server)
	if err != nil || at.Hostname() == "" {
		return nil
	}
	return []string{net.JoinHostPort(at.Hostname(), cmp.Or(at.Port(), "443"))}
}

func stamp(t time.Time) string { return t.Local().Format(time.DateTime) }
