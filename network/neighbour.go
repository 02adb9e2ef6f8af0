package network

import (
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/google/nftables"
)

// neighbour is a firewall of somebody else: its name in words, and how it opens a way.
type neighbour struct {
	name string
	open func(way) string
	then string // the command that puts the others into force; empty: none
	also string // what else is to be done, in words
}

func (n neighbour) String() string { return n.name }

// opens is what opens the ways: commands, and what else is to be done.
func (n neighbour) opens(ways []way) []string {
	if n.also == "" {
		return n.commands(ways)
	}
	return append(n.commands(ways), n.also)
}

// commands are those that open the ways, each once.
func (n neighbour) commands(ways []way) []string {
	var commands []string
	for _, w := range ways {
		if command := n.open(w); !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	if n.then != "" {
		commands = append(commands, n.then)
	}
	return commands
}

// neighbour recognises who made the chain.
func (f *Fabric) neighbour(all *foreignChains, chain *nftables.Chain) neighbour {
	table := chain.Table
	iptables := table.Family == nftables.TableFamilyIPv4 && table.Name == "filter" && strings.ToUpper(chain.Name) == chain.Name
	switch {
	case iptables && all.has(table, func(name string) bool { return strings.HasPrefix(name, "ufw-") }):
		return neighbour{name: "ufw", open: ufwCommand}
	case table.Name == "firewalld":
		return neighbour{name: "firewalld", open: firewalldCommand(f.Spec.Bridge), then: "firewall-cmd --reload"}
	case iptables && chain.Name == "FORWARD" && all.has(table, func(name string) bool { return name == dockerChain }):
		return neighbour{name: "docker's chain FORWARD, which no longer calls " + dockerChain + ",", open: func(way) string { return "systemctl restart docker" }}
	case iptables:
		return neighbour{name: "iptables' chain " + chain.Name, open: func(w way) string {
			return fmt.Sprintf("iptables -I %s %s -j ACCEPT", shellescape.Quote(chain.Name), match(w, "-i %s", " -o %s"))
		}}
	default:
		family := map[nftables.TableFamily]string{nftables.TableFamilyIPv4: "ip", nftables.TableFamilyINet: "inet"}[table.Family]
		where := fmt.Sprintf("%s %s %s", family, shellescape.Quote(table.Name), shellescape.Quote(chain.Name)) // the kernel takes any name
		return neighbour{
			name: fmt.Sprintf("the chain %s of nftables' table %s %s", chain.Name, family, table.Name),
			open: func(w way) string {
				return fmt.Sprintf("nft insert rule %s %s accept", where, match(w, "iifname %s", " oifname %s"))
			},
			also: "the same rules into the file that the table comes from",
		}
	}
}

func ufwCommand(w way) string {
	if w.to == "" {
		return "ufw allow in on " + w.from
	}
	return fmt.Sprintf("ufw route allow in on %s out on %s", w.from, w.to)
}

// firewalldCommand trusts the bridge, which opens the ways that begin there. What
// comes from elsewhere needs a policy.
func firewalldCommand(bridge string) func(w way) string {
	return func(w way) string {
		if w.from == bridge {
			return "firewall-cmd --permanent --zone=trusted --add-interface=" + bridge
		}
		const policy = "firewall-cmd --permanent --policy=wire "
		return "firewall-cmd --permanent --new-policy=wire; " + policy + "--add-ingress-zone=ANY; " + policy + "--add-egress-zone=trusted; " + policy + "--set-target=ACCEPT"
	}
}

// match is a way in a firewall's words.
func match(w way, from, to string) string {
	text := fmt.Sprintf(from, w.from)
	if w.to != "" {
		text += fmt.Sprintf(to, w.to)
	}
	return text
}
