package ingress

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Finding is what one check of a domain came to.
type Finding struct {
	Check   string   `json:"check"`             // such as "deeplink"
	Problem string   `json:"problem,omitempty"` // empty if all is right
	Notes   []string `json:"notes,omitempty"`   // what is worth knowing, and wrong in no way
}

// Verification is how a domain looked from outside at one moment.
type Verification struct {
	Domain   string        `json:"domain"`
	Time     time.Time     `json:"time"`
	Took     time.Duration `json:"took"` // nanoseconds
	Findings []Finding     `json:"findings"`
}

// Err is all that is wrong, one problem a line; nil if the domain is right.
func (v Verification) Err() error {
	var errs []error
	for _, f := range v.Findings {
		if f.Problem != "" {
			errs = append(errs, fmt.Errorf("%s: %s", f.Check, f.Problem))
		}
	}
	return errors.Join(errs...)
}

// finding is the result of a check as its error says it.
func finding(check string, err error) Finding {
	f := Finding{Check: check}
	if err != nil {
		f.Problem = oneLine(err)
	}
	return f
}

// judge is the whole judgement over recorded answers: it asks nothing.
func (s Set) judge(domain string, fixed Fixed, got answers, now time.Time) []Finding {
	findings := ways(got, now)
	for _, c := range checks() {
		if a, asked := got[c.of]; asked && a.Err == nil {
			findings = append(findings, finding(c.name, c.judge(a, s.site(domain))))
		}
	}
	return append(findings, s.leakFinding(domain, fixed, got))
}

// expiring is how long before its end a certificate is worth a note: cert-manager renews 15 days
// before (contract section 12).
const expiring = 14 * 24 * time.Hour

// ways judges the way to each host: its name, the connection, its certificate. Where there is
// none, the checks of what the host says are left out.
func ways(got answers, now time.Time) []Finding {
	broken := map[string]map[string]error{"dns": {}, "connection": {}, "certificate": {}}
	soonest := time.Time{}
	for _, a := range got {
		if a.Err != nil {
			broken[way(a.Err)][hostOf(a.URL)] = a.Err
		} else if soonest.IsZero() || a.Until.Before(soonest) {
			soonest = a.Until
		}
	}
	var findings []Finding
	for _, check := range []string{"dns", "connection", "certificate"} {
		findings = append(findings, finding(check, gathered(broken[check])))
	}
	if left := soonest.Sub(now); !soonest.IsZero() && left < expiring {
		last := &findings[len(findings)-1]
		last.Notes = append(last.Notes, fmt.Sprintf("it ends at %s UTC, in %d days", soonest.UTC().Format(time.DateTime), int(left.Hours()/24)))
	}
	return findings
}

// gathered is one error for several hosts: in full for the first, by name for the others, which is short below the same domain.
func gathered(hosts map[string]error) error {
	names := slices.Sorted(maps.Keys(hosts))
	switch len(names) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %w", names[0], hosts[names[0]])
	default:
		_, domain, _ := strings.Cut(names[0], ".")
		var others []string
		for _, name := range names[1:] {
			others = append(others, strings.TrimSuffix(name, "."+domain))
		}
		return fmt.Errorf("%s: %w (and %s)", names[0], hosts[names[0]], strings.Join(others, ", "))
	}
}
