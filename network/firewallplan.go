package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"wiabctl/provision/change"
)

// What brings the firewall back at boot. The file is written only after its rules
// were proven: a reboot never closes what nobody has tried.
const (
	firewallFile = "/etc/wiabctl/firewall.nft"
	firewallUnit = "wiabctl-firewall.service"
)

// firewallUnitText loads the firewall when nftables.service would load one: before
// there is a network, and again each time that flushes all tables.
const firewallUnitText = `# Written by wiabctl.
[Unit]
Description=The firewall of this host: nftables table ` + firewallTable + `
Documentation=man:nft(8)
DefaultDependencies=no
Wants=network-pre.target
After=nftables.service
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
ConditionPathExists=` + firewallFile + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f ` + firewallFile + `
ExecReload=nft -f ` + firewallFile + `

[Install]
WantedBy=sysinit.target nftables.service
`

func firewallUnits() units {
	return units{{firewallUnit, firewallUnitText, []string{"sysinit.target", "nftables.service"}}}
}

// planFirewall is what the host's firewall needs.
func (f *Fabric) planFirewall(ctx context.Context) ([]change.Change, error) {
	if f.Spec.Firewall == nil {
		return f.removeFirewall(ctx)
	}
	rules, err := f.guard(ctx)
	if err != nil {
		return nil, err
	}
	proven, err := provenFirewall()
	if err != nil {
		return nil, err
	}
	is, err := guardTable().kernel()
	if err != nil {
		return nil, err
	}
	reason := is.differs(rules)
	trial := proven != guardTable().file(rules)
	if reason == "" && trial {
		reason = "no login has proven it"
	}
	boot, err := firewallUnits().plan("firewall at boot")
	if err != nil || reason == "" {
		return boot, err
	}
	if trial {
		reason += fmt.Sprintf("; it is taken back unless somebody logs in over SSH within %s", f.Spec.Firewall.Prove)
	}
	return slices.Concat([]change.Change{{
		Verb: change.Update, Subject: "nftables table " + firewallTable, Reason: reason, Diff: is.diff(rules),
		Apply: func(ctx context.Context, say change.Progress) error { return f.close(ctx, rules, trial, proven, say) },
	}}, boot), nil
}

// guard are the rules that should be in force.
func (f *Fabric) guard(ctx context.Context) (ruleset, error) {
	up, err := f.Spec.Uplink()
	if err != nil {
		return nil, err
	}
	ports, err := sshPorts(ctx)
	if err != nil {
		return nil, err
	}
	return f.Spec.Firewall.guard(up.WAN, ports), nil
}

// provenFirewall is the content of the file that is loaded at boot; empty if there is none.
func provenFirewall() (string, error) {
	content, err := os.ReadFile(firewallFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(content), err
}

// close puts the rules in force. What no login has proven yet is on trial: it is
// taken back, by systemd if wiabctl is gone, unless a login comes in time.
func (f *Fabric) close(ctx context.Context, rules ruleset, trial bool, proven string, say change.Progress) error {
	if !trial {
		return guardTable().load(rules)
	}
	ports, err := sshPorts(ctx)
	if err != nil {
		return err
	}
	back, err := armed(ctx, f.Spec.Firewall.Prove+10*time.Second, proven)
	if err != nil {
		return fmt.Errorf("preparing the way back: %w", err)
	}
	if err := guardTable().load(rules); err != nil {
		return errors.Join(err, back.now(ctx))
	}
	if err := awaitLogin(ctx, ports, f.Spec.Firewall.Prove, say); err != nil {
		if failed := back.now(ctx); failed != nil {
			return errors.Join(err, fmt.Errorf("taking the firewall back (systemd tries again in a moment): %w", failed))
		}
		return err
	}
	if err := back.disarm(ctx); err != nil {
		return err
	}
	return files{{firewallFile, guardTable().file(rules)}}.write()
}

// awaitLogin asks for a login and waits for it, on a connection that is begun from now on: the rules let those go on that were
// begun before. The error is a Failure of kind FirewallUnproven, unless nobody can tell.
func awaitLogin(ctx context.Context, ports []uint16, most time.Duration, say change.Progress) error {
	before, err := begun(ports)
	if err != nil {
		return err
	}
	say.Sayf("log in to this host over SSH once more, within %s, to prove that you still can", most)
	came := change.Condition{
		Description: "a new SSH login", Deadline: most, Interval: 100 * time.Millisecond,
		Check: func(context.Context) error {
			all, err := logins(ports)
			if err != nil {
				return change.Never(err)
			}
			for _, l := range all {
				if !before[l.ID.Cookie] {
					say.Sayf("a login from %s proves it", l.ID.Destination)
					return nil
				}
			}
			return errNotProven
		},
	}
	err = came.Await(ctx, say)
	if err != nil && change.Left(ctx) == nil {
		return FirewallUnproven.Failf("the firewall was taken back: %w", err)
	}
	return err
}

// removeFirewall are the changes that open the host again.
func (f *Fabric) removeFirewall(context.Context) ([]change.Change, error) {
	changes, err := firewallUnits().remove("firewall at boot", file{path: firewallFile})
	if err != nil {
		return nil, err
	}
	is, err := guardTable().kernel()
	if err != nil || !is.exists {
		return changes, err
	}
	return append(changes, change.Change{
		Verb: change.Delete, Subject: "nftables table " + firewallTable, Reason: "with all its rules",
		Apply: func(context.Context, change.Progress) error { return guardTable().drop() },
	}), nil
}
