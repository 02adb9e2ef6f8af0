package network

import (
	"testing"

	"github.com/google/nftables"
)

// The kernel takes any name of a table and a chain; whoever types the command runs no other.
func TestNeighbourQuotesNames(t *testing.T) {
	w := way{from: "wan0", to: "virbr0"}
	for _, test := range []struct {
		name  string
		chain *nftables.Chain
		want  string
	}{
		{"as people call them", &nftables.Chain{Name: "forward", Table: &nftables.Table{Name: "filter", Family: nftables.TableFamilyINet}},
			"nft insert rule inet filter forward iifname wan0 oifname virbr0 accept"},
		{"of nftables", &nftables.Chain{Name: "c;reboot", Table: &nftables.Table{Name: "t $(id)", Family: nftables.TableFamilyINet}},
			"nft insert rule inet 't $(id)' 'c;reboot' iifname wan0 oifname virbr0 accept"},
		{"of iptables", &nftables.Chain{Name: "A`ID`", Table: &nftables.Table{Name: "filter", Family: nftables.TableFamilyIPv4}},
			"iptables -I 'A`ID`' -i wan0 -o virbr0 -j ACCEPT"},
	} {
		if got := new(Fabric).neighbour(new(foreignChains), test.chain).open(w); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
