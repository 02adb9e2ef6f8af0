package provision

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"wiabctl/ingress"
)

// Record is one that has to be in DNS.
type Record = ingress.Record

// resolvConf names the host's recursive name servers.
const resolvConf = "/etc/resolv.conf"

// Records are those that the domains, all if none is named, need in DNS.
func (i *Installation) Records(domains []string) ([]Record, error) {
	domains, err := i.named(domains)
	if err != nil {
		return nil, err
	}
	public, err := i.publicAddress()
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, d := range domains {
		all = append(all, i.domainSet().Records(d, i.leadsTo(d, public))...)
	}
	return all, nil
}

// Zone is a zone file with records.
func Zone(records []Record) string { return ingress.Zone(records) }

// leadsTo is the address of a domain's names: its proxy's, or the public one.
func (i *Installation) leadsTo(domain string, public netip.Addr) netip.Addr {
	proxy := i.config.Ingress.Proxy
	for _, d := range i.config.Ingress.Domains {
		if d.Domain == domain {
			proxy = d.Proxy
		}
	}
	if proxy != nil {
		return proxy.Address
	}
	return public
}

// CheckDNS compares what DNS says of the domains, all if none is named, with what it should. The error names those
// that are not right.
func (i *Installation) CheckDNS(ctx context.Context, domains []string) ([]Verification, error) {
	domains, err := i.named(domains)
	if err != nil {
		return nil, err
	}
	public, err := i.publicAddress()
	if err != nil {
		return nil, err
	}
	resolvers, err := recursiveServers(resolvConf)
	if err != nil {
		return nil, err
	}
	names := ingress.Names{Set: i.domainSet(), Resolvers: resolvers,
		Address: func(domain string) netip.Addr { return i.leadsTo(domain, public) }}
	all, err := names.Domains(ctx, domains)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, v := range all {
		if v.Err() != nil {
			wrong = append(wrong, v.Domain)
		}
	}
	if len(wrong) > 0 {
		return all, ingress.DNSWrong.Failf("not right in DNS: %s", strings.Join(wrong, ", "))
	}
	return all, nil
}

// recursiveServers are the name servers of a resolv.conf(5), host:port.
func recursiveServers(file string) ([]string, error) {
	config, err := dns.ClientConfigFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("the host's name servers: %w", err)
	}
	if len(config.Servers) == 0 {
		return nil, errors.New("the host's name servers: " + file + " names none")
	}
	servers := make([]string, len(config.Servers))
	for i, server := range config.Servers {
		servers[i] = net.JoinHostPort(server, config.Port)
	}
	return servers, nil
}
