package network

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// given makes rules: nftables' own, or what iptables-save wrote.
func given(t *testing.T, rules string) {
	t.Helper()
	program := exec.Command("nft", "-f", "-")
	if strings.Contains(rules, "*filter") {
		program = exec.Command("iptables-restore", "--noflush")
	}
	program.Stdin = strings.NewReader(rules)
	if said, err := program.CombinedOutput(); err != nil {
		t.Fatalf("loading rules: %v\n%s", err, said)
	}
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// inet is a table written by hand, with one chain at the hook.
func inet(hook, policy string, rules ...string) string {
	return "table inet filter {\n" + // what rules may refer to:
		"set office { type ipv4_addr; elements = { 192.0.2.7 } }\n" +
		"map states { type ct_state : verdict; elements = { established : accept, related : accept, invalid : drop } }\n" +
		"chain friends { iifname virbr0 accept; iifname wan0 return; counter; }\n" +
		"chain " + hook + " { type filter hook " + hook + " priority 0; policy " + policy + ";\n" + strings.Join(rules, "\n") + "\n}\n}\n"
}

const (
	dockerFORWARD = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n" +
		"-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A DOCKER-USER -j RETURN\nCOMMIT\n"
	// dockerBridges is as moby 29's bridge driver makes it with one network (nftabler, filter-forward-in-jumps).
	dockerBridges = `table ip docker-bridges {
		map filter-forward-in-jumps { type ifname : verdict; elements = { "docker0" : jump in } }
		map filter-forward-out-jumps { type ifname : verdict; elements = { "docker0" : jump out } }
		chain in { ct state established,related counter accept; iifname "docker0" counter accept; counter drop; }
		chain out { ct state established,related counter accept; counter accept; }
		chain filter-FORWARD { type filter hook forward priority filter; policy accept;
			oifname vmap @filter-forward-in-jumps
			iifname vmap @filter-forward-out-jumps
		}
	}`
	allWays = `iifname "virbr0" oifname { "virbr0", "wan0" } accept` + "\n" + `iifname wan0 oifname virbr0 accept`
)
