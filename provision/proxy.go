package provision

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// proxyStage makes a machine the proxy in front of a domain. It is none of the pipeline's: the
// machine is elsewhere, and the domain works without it.
type proxyStage struct {
	machine       proxyMachine
	front         ingress.Front
	email         string
	configuration []ingress.FrontFile // of haproxy's directory
	renewal       *ingress.FrontFile  // certbot's; nil: the certificate is the user's own
}

// ProxyFile is a file of a proxy's machine.
type ProxyFile = ingress.FrontFile

// proxied is the proxy in front of a domain, as the configuration file declares it.
func (i *Installation) proxied(domain string) (ingress.Proxy, ingress.Front, error) {
	proxy, known := i.config.Ingress.ProxyOf(domain)
	switch {
	case !known:
		return ingress.Proxy{}, ingress.Front{}, ingress.DomainUnknown.Failf("%s is no domain of this installation; there are %s", domain, strings.Join(i.domainNames(), ", "))
	case proxy == nil:
		return ingress.Proxy{}, ingress.Front{}, BadUsage.Failf("%s has no proxy: give one in the configuration file, as proxy: {address: ...}", domain)
	}
	origin, err := i.publicAddress()
	return *proxy, i.domainSet().Front(domain, origin), err
}

// ProxyFiles are the files that make a machine with haproxy and certbot the proxy in front of the
// domain; haproxy's own configuration is the last one.
func (i *Installation) ProxyFiles(domain string) ([]ProxyFile, error) {
	_, front, err := i.proxied(domain)
	if err != nil {
		return nil, err
	}
	return front.Files()
}

// ProxyPipeline plans and deploys the proxy in front of the domain, on the machine that is told,
// else on the configured one.
func (i *Installation) ProxyPipeline(domain, host string) (*Pipeline, error) {
	proxy, front, err := i.proxied(domain)
	if err != nil {
		return nil, err
	}
	if host != "" {
		if !ingress.ValidSSHHost(host) {
			return nil, BadUsage.Failf("--host %q is neither a host name nor an IPv4 address", host)
		}
		proxy.SSH.Host = host
	}
	stage := &proxyStage{machine: proxyMachine{proxy.SSH}, front: front, email: i.config.Ingress.Email}
	files, err := front.Files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Path == ingress.FrontRenewal {
			stage.renewal = &f
		} else {
			stage.configuration = append(stage.configuration, f)
		}
	}
	if err := i.bringOwn(stage, domain); err != nil {
		return nil, err
	}
	return &Pipeline{Observe: i.pipeline.send, Steps: []Step{{stage, nil}}}, nil
}

// bringOwn gives the stage the domain's own certificate, if it has one: then certbot is not asked.
func (i *Installation) bringOwn(stage *proxyStage, domain string) error {
	for _, d := range i.config.Ingress.Domains {
		if d.Domain != domain || !d.Certificate.Own() {
			continue
		}
		pair, err := i.domainSet().ReadPair(d, time.Now(), nil)
		if err != nil {
			return err
		}
		both := bytes.Join([][]byte{pair.Cert, pair.Key}, []byte("\n"))
		stage.configuration = append(stage.configuration, ingress.FrontFile{Path: ingress.FrontPEM, Content: both, Mode: 0o600})
		stage.renewal = nil
	}
	return nil
}

// Name of the stage.
func (*proxyStage) Name() string { return "proxy" }

// Plan looks at the machine.
func (s *proxyStage) Plan(ctx context.Context) ([]change.Change, error) {
	look := []string{"look", s.front.Domain}
	for _, f := range s.files() {
		look = append(look, f.Path)
	}
	said, err := s.machine.act(ctx, nil, look...)
	if err != nil {
		return nil, err
	}
	state, err := parseProxyState(string(said))
	if err != nil {
		return nil, err
	}
	return s.changes(state, time.Now())
}

// files are all that the machine has of us.
func (s *proxyStage) files() []ingress.FrontFile {
	if s.renewal == nil {
		return s.configuration
	}
	return append([]ingress.FrontFile{*s.renewal}, s.configuration...)
}

// changes are what separates the machine from the proxy, in an order in which each has what it
// needs: certbot's challenges are answered by haproxy.
func (s *proxyStage) changes(state proxyState, now time.Time) ([]change.Change, error) {
	if err := state.unfit(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.machine.ssh.Host, err)
	}
	var all []change.Change
	add := func(verb change.Verb, subject, reason string, apply func(context.Context) error) {
		all = append(all, change.Change{Verb: verb, Subject: subject, Reason: reason, Apply: func(ctx context.Context, _ change.Progress) error { return apply(ctx) }})
	}
	act := func(args ...string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.machine.act(ctx, nil, args...); return err }
	}
	if missing := s.needed(state.missing); len(missing) > 0 {
		add(change.Create, "packages "+strings.Join(missing, ", "), "they are not installed", act(append([]string{"packages"}, missing...)...))
	}
	if reason := s.stale(state); reason != "" {
		add(change.Update, "haproxy's configuration", reason, s.load)
	}
	if s.renewal != nil && state.files[s.renewal.Path] != fact(*s.renewal) {
		add(change.Update, "file "+s.renewal.Path, "it gives haproxy what certbot renews", func(ctx context.Context) error { return s.machine.write(ctx, *s.renewal) })
	}
	for _, unit := range s.units() {
		if state.units[unit] != "enabled active" {
			add(change.Start, unit, "it has to run, and to start at boot", act("start", unit))
		}
	}
	if s.renewal == nil {
		return all, nil
	}
	if problem := state.certificateProblem(s.front.Hosts, now); problem != "" {
		add(change.Create, "certificate of "+s.front.Domain, problem, s.certify)
	}
	return all, nil
}

// needed are those of the packages without which this proxy does not work.
func (s *proxyStage) needed(missing []string) []string {
	var needed []string
	for _, name := range missing {
		if name != "certbot" || s.renewal != nil {
			needed = append(needed, name)
		}
	}
	return needed
}

// units are those that have to run.
func (s *proxyStage) units() []string {
	if s.renewal == nil {
		return []string{"haproxy.service"}
	}
	return []string{"haproxy.service", "certbot.timer"}
}

// stale says why haproxy has to be given its configuration; empty if it has it.
func (s *proxyStage) stale(state proxyState) string {
	for _, f := range s.configuration {
		switch have, there := state.files[f.Path]; {
		case !there:
			return "there is no " + f.Path
		case have != fact(f):
			return f.Path + " differs"
		}
	}
	if state.loaded != s.stamp() {
		return "it was not loaded to its end"
	}
	return ""
}

// stamp tells one configuration from another.
func (s *proxyStage) stamp() string {
	sum := sha256.New()
	for _, f := range s.configuration {
		fmt.Fprintln(sum, f.Path, fact(f))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// fact is what the machine tells of a file that is as it should be.
func fact(f ingress.FrontFile) string {
	return fmt.Sprintf("%o %x", f.Mode, sha256.Sum256(f.Content))
}

// certify has certbot get the certificate.
func (s *proxyStage) certify(ctx context.Context) error {
	if _, err := s.machine.act(ctx, nil, append([]string{"certificate", s.renewal.Path, s.email, s.front.Domain}, s.front.Hosts...)...); err != nil {
		return fmt.Errorf("all names of %s have to lead to this machine, and port 80 has to be open: %w", s.front.Domain, err)
	}
	return nil
}

// load gives haproxy its configuration.
func (s *proxyStage) load(ctx context.Context) error {
	packed, err := s.pack()
	if err != nil {
		return err
	}
	_, err = s.machine.act(ctx, packed, "configuration", s.stamp())
	return err
}

// pack is the configuration as tar.
func (s *proxyStage) pack() (*bytes.Buffer, error) {
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	for _, f := range s.configuration {
		header := tar.Header{Name: path.Base(f.Path), Mode: int64(f.Mode), Size: int64(len(f.Content))}
		if err := archive.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.Content); err != nil {
			return nil, err
		}
	}
	return &packed, archive.Close()
}

// ProxyFinding is what came of one check of a proxy.
type ProxyFinding = ingress.FrontFinding

// CheckProxy asks the proxy in front of the domain as clients would, and the backend behind it.
func (i *Installation) CheckProxy(ctx context.Context, domain string) ([]ProxyFinding, error) {
	proxy, front, err := i.proxied(domain)
	if err != nil {
		return nil, err
	}
	at := func(address netip.Addr, port uint16) string { return netip.AddrPortFrom(address, port).String() }
	check := ingress.FrontCheck{
		Front: front, HTTPS: at(proxy.Address, 443), HTTP: at(proxy.Address, 80),
		OriginHTTPS: at(front.Origin, 443), OriginHTTP: at(front.Origin, 80),
		Foreign: "example.com",
	}
	for _, other := range i.domainNames() {
		if other != domain {
			check.Foreign = other
		}
	}
	return check.Run(ctx)
}
