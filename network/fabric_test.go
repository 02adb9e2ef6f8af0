package network

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// The whole way, on a host with docker's chain: everything is planned, made,
// planned no more, and removed again.
func TestFabricFromNothingAndBack(t *testing.T) {
	needRoot(t)
	clear(t)
	run(t, "iptables", "-N", dockerChain)
	run(t, "iptables", "-A", dockerChain, "-s", "192.0.2.1", "-j", "DROP")
	unset(t)
	f := usual()
	f.Program = os.Executable // systemd wants a program that is there
	ctx := context.Background()
	before := host(t)
	if _, err := change.Warnings(f.Check(ctx)); err != nil { // a note tells of br_netfilter where the kernel has it
		t.Fatalf("check of a bare host: %v", err)
	}
	changes, err := f.Plan(ctx)
	want := []string{
		"update kernel settings: " + settingsFile + " is missing; net.ipv4.ip_forward is 0, wanted 1; net.ipv4.conf.all.rp_filter is 0, wanted 2",
		"create libvirt network wirebox: it is not defined; " + brought,
		"create nftables table ip wiabctl: the table does not exist",
		"update docker's chain DOCKER-USER: it lacks -i virbr0 -o virbr0 -m comment --comment wiabctl -j ACCEPT and " +
			"-i virbr0 -o wan0 -m comment --comment wiabctl -j ACCEPT and -i wan0 -o virbr0 -m comment --comment wiabctl -j ACCEPT",
		"update network at boot: " + strings.Join([]string{
			"/etc/systemd/system/wiabctl-network.service is missing", "/etc/systemd/system/wiabctl-docker.service is missing",
			"/etc/wiabctl/rules.nft is missing", reassertFile + " is missing", "wiabctl-network.service is not in multi-user.target.wants",
			"wiabctl-docker.service is not in docker.service.wants"}, "; "),
		"update unit wiabctl-health.service: /etc/systemd/system/wiabctl-health.service is missing; wiabctl-health.service is not in multi-user.target.wants",
	}
	got := lines(t, changes, err)
	got[0] = strings.TrimSuffix(got[0], "; net.bridge.bridge-nf-call-iptables is 1, wanted 0") // where the kernel has br_netfilter
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("plan of a bare host (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, host(t)); diff != "" {
		t.Errorf("planning changed the host (-before +after):\n%s", diff)
	}
	apply(t, changes, err)

	if took := quickest(func() { changes, err = f.Plan(ctx) }); took > 150*time.Millisecond {
		t.Errorf("planning the unchanged network took %s, want less than 150ms", took)
	}
	if left := lines(t, changes, err); len(left) != 0 {
		t.Errorf("left after applying: %q", left)
	}
	if err := f.Check(ctx); err != nil {
		t.Errorf("check of what is ours: %v", err)
	}
	t.Run("at boot", func(t *testing.T) { boots(t, f) })

	changes, err = f.Remove(ctx)
	if len(changes) != 6 {
		t.Errorf("removal: %q", lines(t, changes, err))
	}
	apply(t, changes, err)
	if diff := cmp.Diff(before, host(t)); diff != "" {
		t.Errorf("the removal left or took too much (-before +after):\n%s", diff)
	}
	changes, err = f.Remove(ctx)
	if left := lines(t, changes, err); len(left) != 0 {
		t.Errorf("a second removal: %q", left)
	}
}

// boots plays the next boot: the kernel starts from nothing, the units' commands run.
func boots(t *testing.T, f *Fabric) {
	run(t, "nft", "delete", "table", "ip", tableName)
	for _, accept := range accepted(t, f) {
		run(t, "iptables", append([]string{"-D", dockerChain}, strings.Fields(accept)...)...)
	}
	unset(t)
	for _, unit := range united(t, f) {
		for line := range strings.Lines(unit.content) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); ok {
				run(t, "/bin/sh", "-c", strings.TrimPrefix(command, "-"))
			}
		}
	}
	changes, err := f.Plan(context.Background())
	if left := lines(t, changes, err); len(left) != 0 {
		t.Errorf("left after a boot: %q", left)
	}
	run(t, "systemd-analyze", "verify", filepath.Join(unitsDir, bootUnit), filepath.Join(unitsDir, dockerUnit), filepath.Join(unitsDir, healthUnit), nftablesUnit)
	for _, unit := range []string{bootUnit, dockerUnit, healthUnit} {
		if got := run(t, "systemctl", "is-enabled", unit); got != "enabled\n" {
			t.Errorf("%s is %s", unit, got)
		}
	}
}

func accepted(t *testing.T, f *Fabric) []string {
	t.Helper()
	rules, err := f.accepts()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func united(t *testing.T, f *Fabric) files {
	t.Helper()
	units, err := f.units()
	if err != nil {
		t.Fatal(err)
	}
	return units.files()
}

// What somebody deleted by hand is no reason to keep the rest.
func TestBootIsRemovedFromRemains(t *testing.T) {
	needRoot(t)
	for _, tc := range []struct {
		name string
		gone []string
	}{
		{"the boot unit is gone", []string{filepath.Join(unitsDir, bootUnit)}},
		{"both units are gone", []string{filepath.Join(unitsDir, bootUnit), filepath.Join(unitsDir, dockerUnit)}},
		{"units and rules are gone", []string{filepath.Join(unitsDir, bootUnit), filepath.Join(unitsDir, dockerUnit), rulesFile}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			f := usual()
			before := host(t)["files"]
			changes, err := f.planBoot(context.Background())
			apply(t, changes, err)
			for _, path := range tc.gone {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			changes, err = f.removeBoot(context.Background())
			apply(t, changes, err)
			if diff := cmp.Diff(before, host(t)["files"]); diff != "" {
				t.Errorf("left (-before +after):\n%s", diff)
			}
		})
	}
}

// unset puts the kernel's settings to what a fresh host has.
func unset(t *testing.T) {
	t.Helper()
	for key, value := range map[string]string{"net.ipv4.ip_forward": "0", "net.ipv4.conf.all.rp_filter": "0", "net.bridge.bridge-nf-call-iptables": "1"} {
		s := setting{key: key}
		if _, exists, err := s.live(); err != nil || !exists {
			continue
		}
		if err := os.WriteFile(s.path(), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// carrier is what the kernel says of a link's state, which it finds out in its own time.
var carrier = regexp.MustCompile(`(UNKNOWN|DOWN|UP) +|NO-CARRIER,|,LOWER_UP`)

// host is what somebody else would see of us on the host.
func host(t *testing.T) map[string]string {
	t.Helper()
	var found []string
	for _, directory := range []string{"/etc/systemd/system", "/etc/sysctl.d", "/etc/wiabctl"} {
		err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	return map[string]string{
		"files":    strings.Join(found, "\n"),
		"rules":    run(t, "nft", "-s", "list", "ruleset"),
		"links":    carrier.ReplaceAllString(run(t, "ip", "-br", "link"), ""),
		"networks": run(t, "find", "/etc/libvirt", "-path", "*/networks/*", "-type", "f"),
	}
}

func TestUnits(t *testing.T) {
	for _, unit := range united(t, usual()) {
		golden(t, filepath.Base(unit.path), unit.content)
	}
	line, err := usual().watcher()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, healthUnit, healthUnits(line)[0].text)
	golden(t, "90-wiabctl.conf", settingsText())
	golden(t, "nftables.service.d.conf", reassertText)
}
