package network

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
)

// walls are Failures for the firewalls of others on this host that drop what the
// deployment needs, with the commands that let it through; and Warnings where that
// cannot be told. A drop in any table wins, and an accept binds only its own, so
// that no rule of ours could help; but docker's chain for others' rules does, and
// there ours are planned (planDocker). Docker's nftables backend (29 and newer,
// tables docker-bridges) jumps by the interface to chains for its own bridges and
// lets pass all others; it was tried here with a table made by hand, not with docker.
func (f *Fabric) walls() error {
	up, err := f.Spec.Uplink()
	if err != nil {
		return nil //nolint:nilerr // Check reports it already
	}
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	all, err := readChains(conn)
	if err != nil {
		return err
	}
	var found []error
	for _, chain := range all.all {
		if !filters(chain) {
			continue
		}
		finding, err := f.wall(all, chain, up)
		if err != nil {
			return err
		}
		found = append(found, finding)
	}
	return errors.Join(found...)
}

// filters says whether the kernel calls the chain for what is forwarded or for this host.
func filters(chain *nftables.Chain) bool {
	return chain.Hooknum != nil && (*chain.Hooknum == *nftables.ChainHookForward || *chain.Hooknum == *nftables.ChainHookInput)
}

// wall sends all packets through the chain.
func (f *Fabric) wall(all *foreignChains, chain *nftables.Chain, up Uplink) (finding, err error) {
	mine := f.through(up)
	var closed, unsure []way
	for _, p := range f.needs(up) {
		if (p.to == "") != (*chain.Hooknum == *nftables.ChainHookInput) {
			continue
		}
		w := walk{chains: all, packet: p, spared: func(name string, w way) bool { return name == dockerChain && slices.Contains(mine, w) }}
		end, err := w.base(chain)
		if err != nil {
			return nil, err
		}
		switch {
		case end == blocked && !w.doubt:
			closed = append(closed, p.way)
		case end == blocked:
			unsure = append(unsure, p.way)
		}
	}
	who := f.neighbour(all, chain)
	if closed = distinct(closed); len(closed) > 0 {
		finding = Wall.Failf("%s drops what goes %s. Let it through: %s", who, said(closed), strings.Join(who.opens(closed), "; ")).By(strings.Join(who.commands(closed), "; "))
	}
	unsure = slices.DeleteFunc(distinct(unsure), func(w way) bool { return slices.Contains(closed, w) })
	if len(unsure) > 0 {
		finding = errors.Join(finding, Wall.Warnf("it cannot be told whether %s drops what goes %s. To be sure: %s", who, said(unsure), strings.Join(who.opens(unsure), "; ")).By(strings.Join(who.commands(unsure), "; ")))
	}
	return finding, nil
}

// distinct are the ways, each once.
func distinct(ways []way) []way {
	var all []way
	for _, w := range ways {
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// said is the ways in words.
func said(ways []way) string {
	var words []string
	for _, w := range ways {
		to := w.to
		if to == "" {
			to = "this host"
		}
		words = append(words, fmt.Sprintf("from %s to %s", w.from, to))
	}
	return strings.Join(words, ", ")
}
