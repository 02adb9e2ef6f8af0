package vm

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the host need not have the time zones that its guests know

	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

// Guest is what the machines' systems are told beside their identity. A value that
// changes later changes the seeds, so that all machines are restarted with it.
type Guest struct {
	Timezone string `yaml:"timezone,omitempty"` // such as Europe/Berlin; default the image's own, UTC
	Proxy    Proxy  `yaml:"proxy,omitempty"`    // the way out for the machines' own requests
	// AptMirror is where apt gets the distribution's packages: an http: or https: URL;
	// default the image's own choice.
	AptMirror string   `yaml:"apt_mirror,omitempty"`
	Keys      []string `yaml:"keys,omitempty"` // who may log in too: authorized_keys lines
}

// Proxy leads the machines' own requests out: those of apt and of all who log in.
type Proxy struct {
	HTTP  string `yaml:"http,omitempty"`  // http://host:port, for http: requests
	HTTPS string `yaml:"https,omitempty"` // the same for https:
	// None are hosts, domains (.example.org) and networks that are reached directly,
	// beside the deployment's own.
	None []string `yaml:"no_proxy,omitempty"`
}

var (
	// What these let through needs no quoting in /etc/environment and apt.conf.
	proxyURL  = regexp.MustCompile(`^https?://[A-Za-z0-9._:\[\]-]+/?$`)
	mirrorURL = regexp.MustCompile(`^https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~%+-]+)*/?$`)
	direct    = regexp.MustCompile(`^[A-Za-z0-9._:*/-]+$`)
	zoneName  = regexp.MustCompile(`^[A-Za-z0-9_+/-]+$`)
)

func (g Guest) validate() error {
	var errs []error
	if _, err := time.LoadLocation(g.Timezone); err != nil || g.Timezone == "Local" || g.Timezone != "" && !zoneName.MatchString(g.Timezone) {
		errs = append(errs, change.Invalidf("timezone", "%q is not a time zone such as Europe/Berlin", g.Timezone))
	}
	for _, proxy := range []struct{ path, url string }{{"proxy.http", g.Proxy.HTTP}, {"proxy.https", g.Proxy.HTTPS}} {
		if proxy.url != "" && !proxyURL.MatchString(proxy.url) {
			errs = append(errs, change.Invalidf(proxy.path, "%q is not of the form http://host:port", proxy.url))
		}
	}
	for i, host := range g.Proxy.None {
		if !direct.MatchString(host) {
			errs = append(errs, change.Invalidf(fmt.Sprintf("proxy.no_proxy[%d]", i), "%q is not a host, a domain or a network", host))
		}
	}
	if len(g.Proxy.None) > 0 && g.Proxy.HTTP == "" && g.Proxy.HTTPS == "" {
		errs = append(errs, change.Invalidf("proxy.no_proxy", "there is no proxy that it could be an exception from"))
	}
	if g.AptMirror != "" && !mirrorURL.MatchString(g.AptMirror) {
		errs = append(errs, change.Invalidf("apt_mirror", "%q is not a URL such as http://mirror.example.org/ubuntu", g.AptMirror))
	}
	for i, line := range g.Keys {
		if err := authorizedLine(line); err != nil {
			errs = append(errs, change.Invalidf(fmt.Sprintf("keys[%d]", i), "%v", err))
		}
	}
	return errors.Join(errs...)
}

// authorizedLine is why the text is not one line of an authorized_keys file.
func authorizedLine(line string) error {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("is more than one line")
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
		return errors.New("is not a line of an authorized_keys file, such as ssh-ed25519 AAAA… name")
	}
	return nil
}

// own are the names and networks of a deployment that no proxy leads to: the VMs
// themselves, and what Kubernetes calls its services and pods (kubespray's defaults).
func own(subnet netip.Prefix) []string {
	hosts := []string{"localhost", "127.0.0.1"}
	for _, at := range slots() {
		hosts = append(hosts, at.name, nth(subnet, at.host).String())
	}
	return append(hosts, ".svc", ".cluster.local", "10.233.0.0/16")
}

// sparing is the proxy with more hosts that it is not asked for; none stays none.
func (p Proxy) sparing(hosts []string) Proxy {
	if p.HTTP == "" && p.HTTPS == "" {
		return p
	}
	p.None = slices.Concat(hosts, p.None)
	return p
}

// environment are the lines of /etc/environment, which PAM reads at each login;
// programs disagree about the names' case.
func (p Proxy) environment() string {
	var lines strings.Builder
	for _, variable := range [][2]string{{"http_proxy", p.HTTP}, {"https_proxy", p.HTTPS}, {"no_proxy", strings.Join(p.None, ",")}} {
		if name, value := variable[0], variable[1]; value != "" {
			fmt.Fprintf(&lines, "%s=%s\n%s=%s\n", name, value, strings.ToUpper(name), value)
		}
	}
	return lines.String()
}

// aptExceptions is apt.conf for the hosts that apt is to ask directly; it knows
// neither domains nor networks there.
func (p Proxy) aptExceptions() string {
	var lines strings.Builder
	for _, host := range p.None {
		if !strings.HasPrefix(host, ".") && !strings.ContainsAny(host, "/*:") {
			fmt.Fprintf(&lines, "Acquire::http::Proxy::%s \"DIRECT\";\nAcquire::https::Proxy::%s \"DIRECT\";\n", host, host)
		}
	}
	return lines.String()
}
