package ingress

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"

	"wiabctl/provision/change"
)

// Proxy is a machine in front of a domain, which the domain's names lead to. It answers in
// this host's place, so that nobody sees by addresses which domains are one backend's.
type Proxy struct {
	// Address is the machine's public IPv4 address: what the names resolve to, and where
	// its requests come from. It serves no other domain.
	Address netip.Addr `yaml:"address" jsonschema:"required"`
	// SSH is how it is reached for deploying it.
	SSH ProxySSH `yaml:"ssh,omitempty"`
}

// ProxySSH is a login on a proxy's machine; all of it has defaults.
type ProxySSH struct {
	Host string `yaml:"host,omitempty"` // a name or address; default the proxy's address
	Port uint16 `yaml:"port,omitempty"` // default 22
	User string `yaml:"user,omitempty"` // default root; others need sudo without a password
	Key  string `yaml:"key,omitempty"`  // file of the private key; default ~/.ssh/id_ed25519
	// HostKey is the machine's public key, as its file in /etc/ssh has it: "ssh-ed25519
	// AAAA..."; default what ~/.ssh/known_hosts says.
	HostKey string `yaml:"host_key,omitempty"`
}

func (p *Proxy) defaults() {
	if p == nil {
		return
	}
	if p.SSH.Host == "" && p.Address.IsValid() {
		p.SSH.Host = p.Address.String()
	}
	if p.SSH.Port == 0 {
		p.SSH.Port = 22
	}
	if p.SSH.User == "" {
		p.SSH.User = "root"
	}
}

var (
	sshHost = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)
	sshUser = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
)

// validate reports every value that cannot be used, after defaults.
func (p *Proxy) validate(path string) error {
	if p == nil {
		return nil
	}
	var errs []error
	refuse := func(bad bool, field, format string, args ...any) {
		if bad {
			errs = append(errs, change.Invalidf(path+"."+field, format, args...))
		}
	}
	known := p.Address.IsValid()
	refuse(!known, "address", "is missing: give the machine's public address")
	refuse(known && !p.Address.Is4(), "address", "%s is not an IPv4 address", p.Address)
	refuse(known && (p.Address.IsLoopback() || p.Address.IsUnspecified() || p.Address.IsMulticast()), "address", "%s cannot be reached by clients", p.Address)
	refuse(known && !ValidSSHHost(p.SSH.Host), "ssh.host", "%q is neither a host name nor an IPv4 address", p.SSH.Host)
	refuse(!sshUser.MatchString(p.SSH.User), "ssh.user", "%q is not a user's name", p.SSH.User)
	_, err := p.SSH.PublicKey()
	refuse(err != nil, "ssh.host_key", "is not a public key such as `ssh-ed25519 AAAA...`")
	return errors.Join(errs...)
}

// ValidSSHHost tells whether a machine can have this name or address.
func ValidSSHHost(host string) bool {
	return sshHost.MatchString(host) && !strings.Contains(host, "..")
}

// PublicKey is the configured host key; nil if there is none.
func (s ProxySSH) PublicKey() (ssh.PublicKey, error) {
	if s.HostKey == "" {
		return nil, nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.HostKey))
	return key, err
}

// ProxyOf is the proxy of a domain of the installation, nil if it has none. known is false
// where there is no such domain.
func (s *Spec) ProxyOf(domain string) (proxy *Proxy, known bool) {
	if domain == s.Domain {
		return s.Proxy, true
	}
	for _, d := range s.Domains {
		if d.Domain == domain {
			return d.Proxy, true
		}
	}
	return nil, false
}

// Proxies are the addresses of all proxies, those of the default domain first; open are
// the domains that have none.
func (s *Spec) Proxies() (proxies []netip.Addr, open []string) {
	note := func(domain string, p *Proxy) {
		if p == nil {
			open = append(open, domain)
		} else {
			proxies = append(proxies, p.Address)
		}
	}
	note(s.Domain, s.Proxy)
	for _, d := range s.Domains {
		note(d.Domain, d.Proxy)
	}
	return proxies, open
}

// validProxies reports what is wrong with each proxy, and those that two domains share: the
// machine would show that they belong together.
func (s *Spec) validProxies() []error {
	errs := []error{s.Proxy.validate("proxy")}
	first := map[netip.Addr]string{}
	note := func(path string, p *Proxy) {
		if p == nil || !p.Address.IsValid() {
			return
		}
		if other, shared := first[p.Address]; shared {
			errs = append(errs, change.Invalidf(path+".address", "%s is also that of %s: one machine in front of two domains tells that they belong together", p.Address, other))
		} else {
			first[p.Address] = path
		}
	}
	note("proxy", s.Proxy)
	for i, d := range s.Domains {
		path := fmt.Sprintf("domains[%d].proxy", i)
		errs = append(errs, d.Proxy.validate(path))
		if d.Proxy != nil && d.Certificate.Staging {
			errs = append(errs, change.Invalidf(path, "cannot be: the proxy trusts no certificate of Let's Encrypt's staging server (certificate.staging)"))
		}
		note(path, d.Proxy)
	}
	return errs
}

// Controller is the release of the ingress itself.
const Controller = "ingress-nginx-controller"

// ControllerOverlay is the layer over the release Controller: requests that come
// from a proxy are the client's that the proxy names. Everybody else's word about clients counts
// nothing. There is none without a proxy.
func ControllerOverlay(s Set) Values {
	if len(s.Proxies) == 0 {
		return nil
	}
	networks := make([]string, len(s.Proxies))
	for i, p := range s.Proxies {
		networks[i] = p.String() + "/32"
	}
	return Values{"ingress-nginx": Values{"controller": Values{"config": Values{
		"use-forwarded-headers": "true",
		"proxy-real-ip-cidr":    strings.Join(networks, ","),
	}}}}
}
