package network

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// docker makes docker's chain with the rules in it.
func docker(t *testing.T, rules ...string) {
	t.Helper()
	clear(t)
	run(t, "iptables", "-N", dockerChain)
	for _, rule := range rules {
		run(t, "iptables", append([]string{"-A", dockerChain}, strings.Fields(rule)...)...)
	}
}

// A bridge or WAN that had another name leaves nothing of ours behind.
func TestDockerRulesFollowTheNames(t *testing.T) {
	const stranger = "-i virbr9 -m comment --comment wiabctl-like -j ACCEPT"
	docker(t, "-o virbr0 -m comment --comment wiabctl -j ACCEPT", "-i virbr0 -o wan9 -m comment --comment wiabctl -j ACCEPT", stranger)
	f := usual()
	changes, err := f.planDocker(context.Background())
	if got := strings.Join(lines(t, changes, err), ""); !strings.Contains(got, "; it still has -o virbr0 ") || !strings.Contains(got, "wan9") {
		t.Errorf("plan %q does not tell what is left from before", got)
	}
	apply(t, changes, err)
	rules, _, err := dockerRules(context.Background())
	if err != nil || len(rules) != 4 || rules[3] != stranger || len(lacking(accepted(t, f), rules)) != 0 {
		t.Errorf("the chain holds %q (%v), want %q and the stranger's %q", rules, err, accepted(t, f), stranger)
	}
	changes, err = f.planDocker(context.Background())
	if left := lines(t, changes, err); len(left) != 0 {
		t.Errorf("left after applying: %q", left)
	}
	changes, err = f.removeDocker(context.Background())
	apply(t, changes, err)
	if rules, _, err := dockerRules(context.Background()); err != nil || cmp.Diff([]string{stranger}, rules) != "" {
		t.Errorf("after the removal the chain holds %q (%v)", rules, err)
	}
}

func TestNoDocker(t *testing.T) {
	for _, tc := range []struct{ name, said, rest string }{
		{"no such chain", "iptables: No chain/target/match by that name.", "exit 1"},
		{"no such table (legacy)", "iptables v1.8.9 (legacy): can't initialize iptables table `filter': Table does not exist (do you need to insmod?)", "exit 3"},
		{"no such chain, as 1.8.9 puts it", "iptables v1.8.9 (nf_tables): chain `DOCKER-USER' in table `filter' is incompatible, use 'nft' tool.", "exit 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			sayInstead(t, tc.said, tc.rest)
			if rules, exists, err := dockerRules(context.Background()); exists || err != nil {
				t.Errorf("got %q, %v, %v, want no docker", rules, exists, err)
			}
		})
	}
	t.Run("iptables itself", func(t *testing.T) {
		clear(t)
		if rules, exists, err := dockerRules(context.Background()); exists || err != nil {
			t.Errorf("got %q, %v, %v, want no docker", rules, exists, err)
		}
	})
	t.Run("no iptables", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if rules, exists, err := dockerRules(context.Background()); exists || err != nil {
			t.Errorf("got %q, %v, %v, want no docker", rules, exists, err)
		}
	})
}

// What iptables cannot tell is not taken for a host without docker.
func TestDockerUnknown(t *testing.T) {
	for _, tc := range []struct{ name, said, want string }{
		{"locked", "Another app is currently holding the xtables lock.", "holding the xtables lock"},
		{"there, with nftables' own rules in it", "iptables v1.8.9 (nf_tables): chain `DOCKER-USER' in table `filter' is incompatible, use 'nft' tool.", "incompatible"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			docker(t)
			sayInstead(t, tc.said, "exit 4")
			f := usual()
			for name, planned := range map[string]planner{"plan": f.planDocker, "removal": f.removeDocker} {
				if changes, err := planned(context.Background()); !strings.Contains(errText(err), tc.want) {
					t.Errorf("%s: %v (%v), want an error saying %q", name, changes, err, tc.want)
				}
			}
		})
	}
}

// sayInstead puts a program in iptables' place.
func sayInstead(t *testing.T, said, rest string) {
	t.Helper()
	directory := t.TempDir()
	script := "#!/bin/sh\ncat >&2 <<'END'\n" + said + "\nEND\n" + rest + "\n"
	if err := os.WriteFile(filepath.Join(directory, "iptables"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
}

// A program that hangs, and one that left a child behind, end with ctx.
func TestCommandEndsWithContext(t *testing.T) {
	sayInstead(t, "", "sleep 60 & sleep 60")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := command(ctx, "iptables", "-S"); !strings.HasPrefix(errText(err), "iptables -S: context deadline exceeded") {
		t.Errorf("got %v, want it to tell that time is over", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
