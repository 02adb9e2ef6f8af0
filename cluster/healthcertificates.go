package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CertificatesProbe asks cert-manager for the certificates, among which these should be.
func (a *API) CertificatesProbe(want []string) Probe {
	return Probe{"certificates", func(ctx context.Context) (Verdict, error) {
		all, err := a.Certificates(ctx)
		return certificatesVerdict(all, want), err
	}}
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
