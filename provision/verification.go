package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/renameio/v2"

	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
)

// Verification is how a domain looked from outside at one moment.
type Verification = ingress.Verification

// LeakCheck is the name of the check that no answer names another domain.
const LeakCheck = ingress.LeakCheck

// verified is where the last verification of each domain is kept.
const verified = stateDir + "/verified"

// verification asks as a client does; at an address, or where DNS says if that is empty.
func (i *Installation) verification(ctx context.Context, address string) (ingress.Verify, error) {
	fixed, err := i.fixedPages(ctx)
	return ingress.Verify{Set: i.domainSet(), Fixed: fixed, Address: address, Right: i.right.note}, err
}

// fixedPages are the pages of the artifact that name the default domain on every domain.
func (i *Installation) fixedPages(ctx context.Context) (ingress.Fixed, error) {
	artifact, err := i.layerSources(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, change.ErrNotInstalled) {
		return ingress.Fixed{}, err
	}
	return ingress.Fixed{Account: artifact.AccountPagesFixed()}, nil
}

// KnownLeak is something by which one domain tells of another, and no value can change.
type KnownLeak = ingress.KnownLeak

// KnownLeaks follow from the configuration and the artifact's versions.
func (i *Installation) KnownLeaks(ctx context.Context) ([]KnownLeak, error) {
	fixed, err := i.fixedPages(ctx)
	_, open := i.config.Ingress.Proxies()
	return i.domainSet().KnownLeaks(fixed, ingress.Ways{Open: open, Closed: i.config.Network.HTTPS == network.HTTPSProxies}), err
}

// VerifyDomains asks for the domains, all if none is named, as a client on the internet does, and keeps the
// results. The address is where they are asked for, "" for where DNS says. The error names those that are not right.
func (i *Installation) VerifyDomains(ctx context.Context, domains []string, address string) ([]Verification, error) {
	domains, err := i.named(domains)
	if err != nil {
		return nil, err
	}
	verify, err := i.verification(ctx, address)
	if err != nil {
		return nil, err
	}
	all, err := verify.Domains(ctx, domains)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, v := range all {
		if v.Err() != nil {
			wrong = append(wrong, v.Domain)
		}
		err = errors.Join(err, keepVerification(verified, v))
	}
	if len(wrong) > 0 {
		err = errors.Join(ingress.VerifyFailed.Failf("not right: %s", strings.Join(wrong, ", ")), err)
	}
	return all, err
}

// named are the configured domains of those names, as people type them, in the configuration's order; all
// without a name.
func (i *Installation) named(typed []string) ([]string, error) {
	all := i.domainNames()
	if len(typed) == 0 {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, name := range typed {
		domain, err := ingress.Canonical(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, domain) {
			return nil, ingress.DomainUnknown.Failf("%s is none of the configured domains: %s", name, strings.Join(all, ", "))
		}
		wanted[domain] = true
	}
	return slices.DeleteFunc(all, func(d string) bool { return !wanted[d] }), nil
}

// lastVerification is the last one of a domain that was kept; there is false if there was none.
func lastVerification(dir, domain string) (v Verification, there bool, err error) {
	content, err := os.ReadFile(verificationFile(dir, domain))
	if errors.Is(err, fs.ErrNotExist) {
		return v, false, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &v)
	}
	if err != nil {
		return v, false, fmt.Errorf("the last verification of %s: %w", domain, err)
	}
	return v, true, nil
}

// keepVerification replaces the one before. A file for each domain: those of two runs do not meet.
func keepVerification(dir string, v Verification) error {
	content, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the verification of %s: %w", v.Domain, err)
	}
	if err := renameio.WriteFile(verificationFile(dir, v.Domain), content, 0o644); err != nil {
		return fmt.Errorf("keep the verification of %s: %w", v.Domain, err)
	}
	return nil
}

// forgetVerification removes what was kept of a domain that is gone.
func forgetVerification(dir, domain string) error {
	err := os.Remove(verificationFile(dir, domain))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// rightOnes are how domains looked when a run last found them right.
type rightOnes struct {
	mu  sync.Mutex
	all map[string]Verification
}

func (r *rightOnes) note(v Verification) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[string]Verification{}
	}
	r.all[v.Domain] = v
}

// keep writes them into a directory, in place of the ones before.
func (r *rightOnes) keep(dir string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, v := range r.all {
		errs = append(errs, keepVerification(dir, v))
	}
	return errors.Join(errs...)
}

// verificationFile is safe for the domains of a configuration, which have no slash.
func verificationFile(dir, domain string) string { return filepath.Join(dir, domain+".json") }
