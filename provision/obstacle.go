package provision

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"wiabctl/cluster"
	"wiabctl/network"
	"wiabctl/vm"
)

// asking is the longest that a kubenode may take to resolve a name.
const asking = 20 * time.Second

// obstacle says why pods do not get through to these places, each host:port, as the first
// kubenode that answers finds it: a name without an address, the public address that leads
// nowhere from inside, the way out. It returns nil where there is none. Whether port 80 is
// open to the internet cannot be told from in here.
func (i *Installation) obstacle(ctx context.Context, places []string) error {
	node, client, err := i.anyKubenode(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	public, err := i.publicAddress()
	if err != nil {
		return err
	}
	hairpin, err := i.Hairpin()
	if err != nil {
		return err
	}
	proxies, _ := i.config.Ingress.Proxies()
	sight := sight{node: node, public: public, proxies: proxies, hairpin: hairpin, egress: i.config.Network.Egress}
	for _, place := range places {
		if err := sight.resolve(ctx, client, place); err != nil {
			return err
		}
	}
	return sight.connect(ctx, client)
}

// anyKubenode logs in on the first that answers.
func (i *Installation) anyKubenode(ctx context.Context) (string, *cluster.Client, error) {
	var errs []error
	for _, m := range i.vms() {
		if m.Role != vm.Kubenode {
			continue
		}
		client, err := i.dial(ctx, m)
		if err == nil {
			return m.Name, client, nil
		}
		errs = append(errs, err)
	}
	return "", nil, errors.Join(errs...)
}

// sight is what a kubenode sees of the places.
type sight struct {
	node    string
	public  netip.Addr
	proxies []netip.Addr // where names may lead too
	hairpin network.HairpinView
	egress  network.Egress

	found []sighting
}

// sighting is a place at its address.
type sighting struct {
	place string
	at    netip.AddrPort
}

// resolve finds the place's address, as the machine's programs would.
func (s *sight) resolve(ctx context.Context, client *cluster.Client, place string) error {
	host, port, err := net.SplitHostPort(place)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	out, err := client.Run(ctx, "getent", "ahostsv4", host)
	const unknown = 2 // getent(1)
	if err != nil && cluster.ExitStatus(err) != unknown {
		return err
	}
	first, _, _ := strings.Cut(string(out), " ")
	if first == "" {
		return network.NameLost.Failf("%s has no address as %s sees it", host, s.node)
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(first, port))
	if err != nil {
		return fmt.Errorf("the address of %s as %s sees it: %w", host, s.node, err)
	}
	s.found = append(s.found, sighting{place, at})
	return nil
}

// connect tries each address, those of this host more than once: each time another kubenode
// may answer.
func (s *sight) connect(ctx context.Context, client *cluster.Client) error {
	slices.SortStableFunc(s.found, func(a, b sighting) int { return a.at.Compare(b.at) })
	distinct := slices.CompactFunc(slices.Clone(s.found), func(a, b sighting) bool { return a.at == b.at })
	for _, to := range distinct {
		if err := reachOften(ctx, client, to.at); err != nil {
			return s.judge(to, err)
		}
	}
	for _, to := range s.found {
		if to.at.Port() == 80 && to.at.Addr() != s.public && !slices.Contains(s.proxies, to.at.Addr()) {
			return network.NameLost.Failf("%s is %s as %s sees it, not %s, and what answers there is not this installation", to.place, to.at.Addr(), s.node, s.public)
		}
	}
	return nil
}

// reachOften connects as often as it takes to come to each kubenode, itself too.
func reachOften(ctx context.Context, client *cluster.Client, at netip.AddrPort) error {
	errs := make([]error, hairpins)
	var all sync.WaitGroup
	for n := range errs {
		all.Go(func() {
			once, cancel := context.WithTimeoutCause(ctx, probing, fmt.Errorf("no answer within %s", probing))
			defer cancel()
			errs[n] = client.Reach(once, at.String())
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// judge says what it means that a place is not reached.
func (s *sight) judge(to sighting, err error) error {
	switch {
	case to.at.Addr() == s.public && !s.hairpin.Loaded:
		return network.HairpinClosed.Failf("%s does not reach the public address %s, as cert-manager has to before it asks for a certificate: the hairpin is not open (network.hairpin: %s)",
			s.node, to.at, s.hairpin.Mode)
	case to.at.Addr() == s.public:
		return network.Broken.Failf("%s does not reach the public address %s, though the hairpin is open: %w", s.node, to.at, err)
	case to.at.Port() == 80 && slices.Contains(s.proxies, to.at.Addr()) && s.egress != network.EgressNone:
		return network.Broken.Failf("%s does not reach the proxy %s, which %s leads to: %w", s.node, to.at, to.place, err)
	case to.at.Port() == 80 && !slices.Contains(s.proxies, to.at.Addr()):
		return network.NameLost.Failf("%s is %s as %s sees it, not %s, and nothing answers there: %w", to.place, to.at.Addr(), s.node, s.public, err)
	case s.egress == network.EgressNone:
		return network.EgressClosed.Failf("%s does not reach %s: network.egress is none", s.node, to.place)
	default:
		return network.Broken.Failf("%s does not reach %s, though network.egress is %s: %w", s.node, to.place, s.egress, err)
	}
}
