package network

import (
	"context"
	"os"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestWalls(t *testing.T) {
	const forward, host = "drops what goes from wan0 to virbr0, from virbr0 to wan0, from virbr0 to virbr0. ", "drops what goes from virbr0 to this host. "
	for _, tc := range []struct {
		name  string
		rules []string
		fails []string // of each Failure's cause; none: no Failure
		warns string
	}{
		{name: "nothing"},
		{name: "somebody's rule for another port", rules: []string{"table ip foreign { chain c { type filter hook forward priority 10; tcp dport 9 counter drop; }; }"}},
		{name: "somebody's blocked clients", rules: []string{inet("forward", "accept", "ip saddr 192.0.2.0/24 drop", "ip saddr @office drop")}},
		{name: "our own firewall", rules: []string{"table inet wiabctl_firewall { chain input { type filter hook input priority 0; drop; }; }"}},
		{name: "libvirt's rules for a network that goes", rules: []string{"table ip libvirt_network { chain forward { type filter hook forward priority 0; policy accept; oifname virbr0 counter reject; }; }",
			"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:LIBVIRT_FWI - [0:0]\n-A FORWARD -j LIBVIRT_FWI\n-A LIBVIRT_FWI -o virbr0 -j REJECT\nCOMMIT\n"}},
		{name: "ufw", rules: []string{testdata(t, "ufw.rules")}, fails: []string{
			"ufw " + host + "Let it through: ufw allow in on virbr0",
			"ufw " + forward + "Let it through: ufw route allow in on wan0 out on virbr0; ufw route allow in on virbr0 out on wan0; ufw route allow in on virbr0 out on virbr0"}},
		{name: "ufw after these commands", rules: []string{testdata(t, "ufw.rules"), // what ufw 0.36.2 adds for them
			"*filter\n-A ufw-user-forward -i virbr0 -o virbr0 -j ACCEPT\n-A ufw-user-forward -i virbr0 -o wan0 -j ACCEPT\n-A ufw-user-forward -i wan0 -o virbr0 -j ACCEPT\n-A ufw-user-input -i virbr0 -j ACCEPT\nCOMMIT\n"}},
		{name: "firewalld", rules: []string{testdata(t, "firewalld.nft")}, fails: []string{
			"firewalld " + host + "Let it through: firewall-cmd --permanent --zone=trusted --add-interface=virbr0; firewall-cmd --reload"}},
		{name: "firewalld after these commands", rules: []string{testdata(t, "firewalld-open.nft")}},
		{name: "iptables' policies", rules: []string{"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"}, fails: []string{
			"iptables' chain INPUT " + host + "Let it through: iptables -I INPUT -i virbr0 -j ACCEPT",
			"iptables' chain FORWARD " + forward + "Let it through: iptables -I FORWARD -i wan0 -o virbr0 -j ACCEPT; "}},
		{name: "iptables rejects at the end", rules: []string{"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n-A FORWARD -m comment --comment no -j REJECT\nCOMMIT\n"},
			fails: []string{"iptables' chain FORWARD " + forward}},
		{name: "iptables lets ports and states through", rules: []string{"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" +
			"-A FORWARD -m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT\n-A FORWARD -i virbr+ -o wan0 -p tcp -m tcp --dport 1:500 -j ACCEPT\n-A FORWARD -s 192.168.122.0/24 -p udp -m udp ! --dport 54 -j ACCEPT\nCOMMIT\n"}},
		{name: "docker with FORWARD DROP", rules: []string{dockerFORWARD}},
		{name: "docker whose rules were flushed", rules: []string{dockerFORWARD, "flush chain ip filter FORWARD"}, fails: []string{"which no longer calls DOCKER-USER, " + forward + "Let it through: systemctl restart docker"}},
		{name: "docker's nftables backend", rules: []string{dockerBridges}},
		{name: "docker's nftables backend, for our bridge", rules: []string{dockerBridges, "add element ip docker-bridges filter-forward-in-jumps { virbr0 : jump in }"},
			fails: []string{"docker-bridges drops what goes from wan0 to virbr0, from virbr0 to virbr0. "}},
		{name: "a table by hand", rules: []string{inet("forward", "drop", "ct state vmap @states")}, fails: []string{"the chain forward of nftables' table inet filter " + forward +
			"Let it through: nft insert rule inet filter forward iifname wan0 oifname virbr0 accept; nft insert rule inet filter forward iifname virbr0 oifname wan0 accept; " +
			"nft insert rule inet filter forward iifname virbr0 oifname virbr0 accept; the same rules into the file that the table comes from"}},
		{name: "a table by hand that ends in a drop", rules: []string{inet("input", "accept", "iif lo accept", "udp dport 67 accept", "counter drop")}, fails: []string{"table inet filter " + host}},
		{name: "a table by hand that lets us through", rules: []string{inet("forward", "drop", "ct state invalid drop", allWays)}},
		{name: "what lets us through comes too late", rules: []string{inet("forward", "drop", "meta l4proto { tcp, udp } drop", allWays)}, fails: []string{forward}},
		{name: "for the ports beside ours", rules: []string{inet("forward", "drop", "iifname virbr0 accept", "ct state established accept", "udp dport 1000-65535 accept", "tcp dport { 3478, 31772, 40000-65535 } accept")},
			fails: []string{"drops what goes from wan0 to virbr0. "}},
		{name: "names with a wildcard, jumps, returns", rules: []string{inet("forward", "drop", "jump friends", `oifname "virbr*" tcp dport { 3478, 31000-32000 } accept`, "oifname virbr0 udp dport { 3478, 32768-65535 } accept", "ct state vmap @states")}},
		{name: "gone to a chain that decides nothing", rules: []string{inet("forward", "drop", "iifname wan0 goto friends", allWays)}, fails: []string{"drops what goes from wan0 to virbr0. "}},
		{name: "for DNAT only", rules: []string{inet("forward", "drop", "ct status dnat accept", "ct state established,related accept", "iifname virbr0 ip saddr 192.168.122.0/24 accept")}},
		{name: "for some clients only", rules: []string{inet("forward", "drop", "iifname virbr0 accept", "ct state established accept", "ip saddr @office accept")}, warns: "table inet filter drops what goes from wan0 to virbr0. "},
		{name: "for so many only", rules: []string{inet("forward", "drop", "limit rate 10/second accept")}, warns: forward},
		{name: "by marks", rules: []string{inet("forward", "drop", "meta mark 7 jump friends", "meta mark vmap { 1 : accept, 2 : drop }")}, warns: forward},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			for _, rules := range tc.rules {
				given(t, rules)
			}
			warnings, err := change.Warnings(usual().walls())
			failures := change.Failures(err)
			if len(failures) != len(tc.fails) {
				t.Fatalf("found %v, want %q", err, tc.fails)
			}
			for i, f := range failures {
				if f.ID != Wall.ID || !strings.Contains(f.Cause, tc.fails[i]) {
					t.Errorf("%s: %s, want %s: …%s…", f.ID, f.Cause, Wall.ID, tc.fails[i])
				}
			}
			if (len(warnings) > 0) != (tc.warns != "") || len(warnings) > 0 && !strings.Contains(warnings[0].Cause, tc.warns) {
				t.Errorf("warnings %v, want %q", warnings, tc.warns)
			}
		})
	}
}

// The commands that a finding names are enough, for those programs that are here.
func TestWallsOpen(t *testing.T) {
	for name, rules := range map[string]string{
		"iptables": "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
		"nft":      inet("forward", "drop") + inet("input", "drop"),
	} {
		t.Run(name, func(t *testing.T) {
			clear(t)
			given(t, rules)
			f := usual()
			found := change.Failures(f.walls())
			if len(found) != 2 {
				t.Fatalf("found %v, want one for each chain", found)
			}
			for _, failure := range found {
				_, commands, _ := strings.Cut(failure.Cause, "Let it through: ")
				for command := range strings.SplitSeq(commands, "; ") {
					if strings.HasPrefix(command, name) {
						run(t, "/bin/sh", "-c", command)
					}
				}
			}
			if left := f.walls(); left != nil {
				t.Errorf("left after the commands: %v", left)
			}
		})
	}
}

// Hosts with two ways to the internet, closed deployments.
func TestWallsFollowTheConfiguration(t *testing.T) {
	clear(t)
	given(t, inet("forward", "drop"))
	f := usual()
	f.Spec.WAN = Links{"wan0", "inet0"}
	f.Spec.Egress, f.Spec.Hairpin = EgressNone, HairpinNever
	found := change.Failures(f.walls())
	if len(found) != 1 || !strings.Contains(found[0].Cause, "from wan0 to virbr0, from virbr0 to wan0, from inet0 to virbr0, from virbr0 to inet0. ") {
		t.Errorf("found %v, want both interfaces, both directions, no hairpin", found)
	}
	given(t, "flush ruleset\n"+inet("forward", "drop", "ct status dnat accept"))
	if left := f.walls(); left != nil {
		t.Errorf("what begins outside and its answers suffice without egress, but: %v", left)
	}
}

// Preflight tells of firewalls and flushes.
func TestWallsAreChecked(t *testing.T) {
	needRoot(t)
	clear(t)
	given(t, inet("forward", "drop"))
	enableNftables(t)
	if err := os.WriteFile(nftablesConf, []byte("flush ruleset\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := usual().Check(context.Background())
	if !kindOf(err, Wall.ID) || !strings.Contains(errText(err), nftablesConf) {
		t.Errorf("check: %v, want a Failure of kind %s, and a word on %s", err, Wall.ID, nftablesConf)
	}
}
