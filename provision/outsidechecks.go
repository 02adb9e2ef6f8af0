package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// manyNames is how many names of a domain are told of at once.
const manyNames = 3

// dnsCheck warns of each domain whose records are not right; up goes on, for they can come meanwhile.
func (i *Installation) dnsCheck(ctx context.Context) error {
	if _, err := i.publicAddress(); err != nil {
		return nil //nolint:nilerr // the network's check tells of it
	}
	all, err := i.CheckDNS(ctx, nil)
	if len(all) == 0 {
		return change.Warned(err)
	}
	errs := []error{context.Cause(ctx)}
	if errs[0] != nil {
		errs[0] = CheckUnfinished.Warnf("the domains' DNS: not all name servers answered in time")
	}
	for _, v := range all {
		if problems := problemsOf(v); problems != "" {
			errs = append(errs, ingress.DNSWrong.Warnf("%s", problems).By("wiabctl domain dns "+v.Domain))
		}
	}
	return errors.Join(errs...)
}

// problemsOf says what is wrong with a domain in DNS, in one line; empty if nothing is.
func problemsOf(v Verification) string {
	names := map[string][]string{} // by what is wrong
	var order []string
	for _, f := range v.Findings {
		if f.Problem == "" {
			continue
		}
		problem := strings.ReplaceAll(f.Problem, "\n", "; ")
		if len(names[problem]) == 0 {
			order = append(order, problem)
		}
		names[problem] = append(names[problem], f.Check)
	}
	var words []string
	for _, problem := range order {
		who := names[problem]
		if more := len(who) - manyNames; more > 0 {
			who = append(slices.Clone(who[:manyNames]), fmt.Sprintf("%d more", more))
		}
		words = append(words, strings.Join(who, ", ")+": "+problem)
	}
	if len(words) == 0 {
		return ""
	}
	return v.Domain + " is not right in DNS: " + strings.Join(words, "; ")
}

// authorityCheck warns where the ACME servers are not reached, and where the clock differs from theirs. No proxy
// is asked: the VMs have none.
func (i *Installation) authorityCheck(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	urls := i.config.Ingress.Directories()
	errs, clocks := make([]error, len(urls)), make([]error, len(urls))
	var all sync.WaitGroup
	for n, url := range urls {
		all.Go(func() {
			now, err := ingress.AskDirectory(ctx, client, url)
			errs[n], clocks[n] = change.Warned(err), clockAgainst(url, now, time.Now())
		})
	}
	all.Wait()
	return errors.Join(append(errs, cmp.Or(clocks...))...) // one clock is enough to compare with
}
