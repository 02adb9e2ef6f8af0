package network

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
)

// View is the network as it is.
type View struct {
	Uplink
	Bridge  string       `json:"bridge"`
	Subnet  netip.Prefix `json:"subnet"`
	Ways    []Way        `json:"ways"`
	Hairpin HairpinView  `json:"hairpin"`
	Egress  Egress       `json:"egress"`
	Rules   []Count      `json:"rules"` // what else is let through, or not
}

// Way is what becomes of the packets for a port.
type Way struct {
	Port string   `json:"port"` // "443/tcp"
	From []string `json:"from"` // interfaces, "the VMs", "the host"
	To   []End    `json:"to"`
}

// End is where a way may end.
type End struct {
	Name    string `json:"name"`
	Address string `json:"address"` // with the port
	Share   string `json:"share"`   // "1 of 3"; what keeps it out where it gets nothing
	Count
}

// Count is how often a rule matched since it was loaded.
type Count struct {
	Rule    string `json:"rule"` // its comment
	Loaded  bool   `json:"loaded"`
	Packets uint64 `json:"packets"` // of NAT's rules: connections
	Bytes   uint64 `json:"bytes"`
}

// HairpinView is the hairpin's mode, and its rule if that is in force.
type HairpinView struct {
	Mode Hairpin `json:"mode"`
	Count
}

// View reads what the network is now, and counts.
func (f *Fabric) View() (View, error) {
	up, err := f.Spec.Uplink()
	if err != nil {
		return View{}, err
	}
	is, err := waysTable().kernel()
	if err != nil {
		return View{}, err
	}
	v := View{Uplink: up, Bridge: f.Spec.Bridge, Subnet: f.Spec.Subnet, Egress: f.Spec.Egress,
		Hairpin: HairpinView{f.Spec.Hairpin, is.counted("postrouting", hairpinComment)}}
	v.Ways = append(f.webWays(is, up), f.callWays(is, up)...)
	told := map[string]bool{hairpinComment: true}
	for _, name := range []string{"forward", "postrouting"} { // what is let out may be told by both
		found, _ := is.chain(name)
		for _, r := range found.rules {
			if comment := commentOf(r); !told[comment] {
				told[comment] = true
				v.Rules = append(v.Rules, is.counted(name, comment))
			}
		}
	}
	return v, nil
}

// webWays are the ways of HTTP and HTTPS.
func (f *Fabric) webWays(is live, up Uplink) []Way {
	var names []string
	for _, node := range f.Kubenodes {
		names = append(names, node.Name)
	}
	spread, _ := is.chain(spreadChain)
	chosen := spread.chosen(names)
	var all []Way
	for _, service := range []struct {
		name     string
		port, at uint16
	}{{"http", 80, nodeHTTP}, {"https", 443, nodeHTTPS}} {
		way := Way{Port: fmt.Sprintf("%d/tcp", service.port), From: slices.Concat(f.outside(service.port, up), []string{"the VMs", "the host"})}
		for _, node := range f.Kubenodes {
			share := "kept out, it does not answer"
			if slices.Contains(chosen, node.Name) {
				share = fmt.Sprintf("1 of %d", len(chosen))
			}
			way.To = append(way.To, End{node.Name, netip.AddrPortFrom(node.Address, service.at).String(), share,
				is.counted(node.Name, service.name+" to "+node.Name)})
		}
		all = append(all, way)
	}
	return all
}

// outside is where requests for the port come in from.
func (f *Fabric) outside(port uint16, up Uplink) []string {
	if port != 443 || f.Spec.HTTPS != HTTPSProxies {
		return up.WAN
	}
	var all []string
	for _, proxy := range f.Proxies {
		all = append(all, "the proxy "+proxy.String())
	}
	return all
}

// callWays are the ways of calls; none where they are not served.
func (f *Fabric) callWays(is live, up Uplink) []Way {
	var all []Way
	for _, call := range []struct{ port, protocol, comment string }{
		{fmt.Sprint(stun), "tcp", "turn over tcp"},
		{fmt.Sprint(stun), "udp", "turn over udp"},
		{f.Spec.Media.String(), "udp", "media"},
	} {
		if !f.Calling.IsValid() {
			break
		}
		all = append(all, Way{Port: call.port + "/" + call.protocol, From: slices.Concat(up.WAN, []string{"the VMs"}),
			To: []End{{f.nodeAt(f.Calling), f.Calling.String() + ":" + call.port, "all", is.counted("calling", call.comment)}}})
	}
	return all
}

// nodeAt is the name of the kubenode with the address.
func (f *Fabric) nodeAt(address netip.Addr) string {
	for _, node := range f.Kubenodes {
		if node.Address == address {
			return node.Name
		}
	}
	return address.String()
}

// counted is how often the rule with the comment matched, if it is there.
func (is live) counted(chain, comment string) Count {
	found, _ := is.chain(chain)
	n := is.count(chain, comment)
	return Count{comment, found.rule(comment) != nil, n.Packets, n.Bytes}
}

// InForce says whether the network's rules are in the kernel at all.
func InForce() (bool, error) {
	is, err := waysTable().kernel()
	return is.exists, err
}

// Hairpins says whether the hairpin's rule is to be in force: in the mode auto that
// is up to the certificates.
func (f *Fabric) Hairpins(ctx context.Context) (bool, error) {
	decided, err := f.decided(ctx)
	return err == nil && decided.Spec.Hairpin == HairpinAlways, err
}

// Targets are the kubenodes and where their ingress answers.
func (f *Fabric) Targets() []Target {
	var all []Target
	for _, node := range f.Kubenodes {
		all = append(all, Target{node.Name, netip.AddrPortFrom(node.Address, nodeHTTPS)})
	}
	return all
}
