package ingress

import (
	"fmt"
	"net/netip"
	"strings"
)

// Topology is the way that requests take: from the domains, perhaps through proxies, to the public address,
// from there to a kubenode, and to a service.
type Topology struct {
	Domains   []Entrance `json:"domains"`
	Address   netip.Addr `json:"address"` // the host's, where all ways meet
	Kubenodes []Kubenode `json:"kubenodes"`
}

// Entrance is one domain, as clients come in by it.
type Entrance struct {
	Domain      string     `json:"domain"`
	Default     bool       `json:"default,omitempty"`
	Apps        []App      `json:"apps"`
	Certificate string     `json:"certificate"`    // who signs it
	Proxy       netip.Addr `json:"proxy,omitzero"` // in front of it; invalid if there is none
}

// Kubenode is one that the ingress runs on.
type Kubenode struct {
	Name    string     `json:"name"`
	Address netip.Addr `json:"address"`
	Calls   bool       `json:"calls,omitempty"` // whether calls are served there
}

// Topology is that of the set. proxy is the default domain's, which may be nil.
func (s Set) Topology(proxy *Proxy, address netip.Addr, kubenodes []Kubenode) Topology {
	t := Topology{Address: address, Kubenodes: kubenodes}
	t.Domains = append(t.Domains, entrance(Domain{Domain: s.Default, Apps: apps, Proxy: proxy}))
	t.Domains[0].Default = true
	for _, d := range s.Extra {
		t.Domains = append(t.Domains, entrance(d))
	}
	return t
}

func entrance(d Domain) Entrance {
	e := Entrance{Domain: d.Domain, Apps: d.Apps, Certificate: "Let's Encrypt"}
	switch {
	case d.Certificate.Own():
		e.Certificate = "own certificate"
	case d.Certificate.Staging:
		e.Certificate = "Let's Encrypt's staging"
	}
	if d.Proxy != nil {
		e.Proxy = d.Proxy.Address
	}
	return e
}

// service is one that the ingress leads to, by the first label of the host.
type service struct {
	name   string
	labels []string
	app    App // that serves it; empty for what every domain serves
}

// backends are all of them.
var backends = []service{
	{"nginz", []string{"nginz-https", "nginz-ssl"}, ""},
	{"MinIO", []string{"assets"}, ""},
	{"webapp", []string{"webapp"}, Webapp},
	{"team-settings", []string{"teams"}, Teams},
	{"account-pages", []string{"account"}, Account},
}

// serves lists an entrance's apps.
func (e Entrance) serves() string {
	all := []string{"API, assets"}
	for _, a := range e.Apps {
		all = append(all, string(a))
	}
	return strings.Join(all, ", ")
}

// String is the topology as text.
func (t Topology) String() string {
	var text strings.Builder
	widest := 0
	for _, d := range t.Domains {
		widest = max(widest, len(d.Domain))
	}
	for _, d := range t.Domains {
		way := t.Address.String()
		if d.Proxy.IsValid() {
			way = "proxy " + d.Proxy.String() + " -> " + way
		}
		fmt.Fprintf(&text, "%-*s -> %s  (%s; %s)\n", widest, d.Domain, way, d.serves(), d.Certificate)
	}
	fmt.Fprintf(&text, "\n%s\n", t.Address)
	for _, n := range t.Kubenodes {
		fmt.Fprintf(&text, "  443, 80 -> %s %s :31773, :31772\n", n.Name, n.Address)
	}
	for _, n := range t.Kubenodes {
		if n.Calls {
			fmt.Fprintf(&text, "  3478, media -> %s %s coturn, sftd\n", n.Name, n.Address)
		}
	}
	fmt.Fprintln(&text, "\ningress-nginx")
	for _, s := range backends {
		fmt.Fprintf(&text, "  %s.* -> %s\n", strings.Join(s.labels, ".*, "), s.name)
	}
	return text.String()
}
