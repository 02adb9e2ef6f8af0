package cluster

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// renewBefore is how long before its end a certificate is to be replaced: cert-manager does it
// then (contract section 12), and people are told then.
const renewBefore = 15 * 24 * time.Hour

// CertificatesProbe asks cert-manager for the certificates, among which these should be, and
// the cluster for those that users bring: own has their domains, and the Secrets that hold them.
func (a *API) CertificatesProbe(want []string, own map[string]string) Probe {
	return Probe{"certificates", func(ctx context.Context) (Verdict, error) {
		all, err := a.Certificates(ctx)
		if err != nil || len(own) == 0 {
			return certificatesVerdict(all, want), err
		}
		served, err := a.TLSCertificates(ctx)
		return certificatesVerdict(append(all, ownCertificates(own, served, time.Now())...), want), err
	}}
}

// ownCertificates are those that users bring, as they are served.
func ownCertificates(own map[string]string, served map[string]*x509.Certificate, now time.Time) []Certificate {
	var all []Certificate
	for _, domain := range slices.Sorted(maps.Keys(own)) {
		one := Certificate{Name: domain + "'s own", Problem: "it is not deployed yet"}
		if cert := served[own[domain]]; cert != nil {
			one.Domains, one.Ready, one.NotAfter, one.Problem = cert.DNSNames, now.Before(cert.NotAfter), cert.NotAfter, ""
		}
		if !one.NotAfter.IsZero() && now.After(one.NotAfter.Add(-renewBefore)) {
			one.Problem = "it ends on " + one.NotAfter.Local().Format(time.DateTime) + ": put a new one in place, then run `wiabctl up`"
		}
		all = append(all, one)
	}
	return all
}

// certificatesVerdict tells of each until when it is valid, and first of those that are not ready.
func certificatesVerdict(all []Certificate, want []string) Verdict {
	var not, ready []string
	for _, c := range all {
		if c.Problem != "" {
			not = append(not, c.Name+": "+c.Problem)
		} else {
			ready = append(ready, c.Name+" until "+c.NotAfter.Local().Format(time.DateOnly))
		}
	}
	total := len(all)
	for _, name := range want {
		if !slices.ContainsFunc(all, func(c Certificate) bool { return c.Name == name }) {
			not = append(not, name+" does not exist")
			total++
		}
	}
	text := fmt.Sprintf("%d of %d are ready: %s", len(ready), total, strings.Join(ready, ", "))
	if len(not) > 0 {
		text = strings.Join(not, "; ") + "; " + text
	}
	return Verdict{Well: len(not) == 0, Text: text}
}
