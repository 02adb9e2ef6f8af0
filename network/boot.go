package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
)

// What brings the network back at boot, without wiabctl.
const (
	rulesFile  = "/etc/wiabctl/rules.nft"
	unitsDir   = "/etc/systemd/system"
	bootUnit   = "wiabctl-network.service"
	dockerUnit = "wiabctl-docker.service"
)

// bootText is the unit that loads settings and rules, after everyone who might
// load others. nftables.service flushes all tables, also ours, each time it is
// started, reloaded or stopped: ours then comes after it again.
const bootText = `# Written by wiabctl.
[Unit]
Description=The ways to the Wire VMs: kernel settings and the nftables table ip wiabctl
After=nftables.service libvirtd.service docker.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
ConditionPathExists=` + rulesFile + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sysctl -q -e -p ` + settingsFile + `
ExecStart=nft -f ` + rulesFile + `
ExecReload=nft -f ` + rulesFile + `

[Install]
WantedBy=multi-user.target nftables.service
`

// dockerText is the unit that puts our rules back each time docker starts, also
// a docker that is installed later. docker loads br_netfilter, so the settings
// are repeated too. It is content with a docker that has no such chain.
const dockerText = `# Written by wiabctl.
[Unit]
Description=What docker's firewall lets through to the Wire VMs
After=docker.service
PartOf=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-sysctl -q -e -p ` + settingsFile + `
%s
[Install]
WantedBy=docker.service
`

// wants are the links that systemd makes for enabled units, below unitsDir.
func wants() []string {
	return []string{
		filepath.Join(unitsDir, "multi-user.target.wants", bootUnit),
		filepath.Join(unitsDir, "nftables.service.wants", bootUnit),
		filepath.Join(unitsDir, "docker.service.wants", dockerUnit),
	}
}

// units are our unit files.
func (f *Fabric) units() (files, error) {
	accepts, err := f.accepts()
	if err != nil {
		return nil, err
	}
	var lines strings.Builder
	for _, accept := range accepts {
		fmt.Fprintf(&lines, "ExecStart=-/bin/sh -c 'iptables -w 5 -C %s %s 2>/dev/null || iptables -w 5 -I %s %s'\n", dockerChain, accept, dockerChain, accept)
	}
	return files{
		{filepath.Join(unitsDir, bootUnit), bootText},
		{filepath.Join(unitsDir, dockerUnit), fmt.Sprintf(dockerText, lines.String())},
	}, nil
}

// planBoot is the change that what happens at boot needs.
func (f *Fabric) planBoot(context.Context) ([]change.Change, error) {
	rules, err := f.ruleset()
	if err != nil {
		return nil, err
	}
	all, err := f.units()
	if err != nil {
		return nil, err
	}
	all = append(all, file{rulesFile, rules.file()})
	reasons, err := all.differ()
	if err != nil {
		return nil, err
	}
	for _, link := range wants() {
		if _, err := os.Lstat(link); err != nil {
			reasons = append(reasons, filepath.Base(link)+" is not in "+filepath.Base(filepath.Dir(link)))
		}
	}
	if len(reasons) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Update, Subject: "network at boot", Reason: strings.Join(reasons, "; "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			if err := all.write(); err != nil {
				return err
			}
			return enable(ctx)
		},
	}}, nil
}

// enable has systemd start the units at boot, and count them as started now:
// then docker's restarts take ours along.
func enable(ctx context.Context) error {
	if err := systemctl(ctx, "enable", "--quiet", bootUnit, dockerUnit); err != nil {
		return err
	}
	if !booted() {
		return nil
	}
	return errors.Join(
		systemctl(ctx, "daemon-reload"),
		systemctl(ctx, "start", bootUnit, dockerUnit))
}

// booted says whether systemd is this host's init (sd_booted(3)).
func booted() bool {
	_, err := os.Lstat("/run/systemd/system")
	return err == nil
}

// removeBoot is the change that takes units and rules file away.
func (f *Fabric) removeBoot(context.Context) ([]change.Change, error) {
	all := files{{path: filepath.Join(unitsDir, bootUnit)}, {path: filepath.Join(unitsDir, dockerUnit)}}
	units := len(all)
	for _, link := range wants() {
		all = append(all, file{path: link})
	}
	all = append(all, file{path: rulesFile})
	found := all.present()
	if len(found) == 0 {
		return nil, nil
	}
	return []change.Change{{
		Verb: change.Delete, Subject: "network at boot", Reason: strings.Join(found, ", "),
		Apply: func(ctx context.Context, _ change.Progress) error {
			return errors.Join(disable(ctx, all[:units].present()), all.erase(), forget(ctx))
		},
	}}, nil
}

// disable stops the units whose files there are, which undoes nothing, and takes
// their links away.
func disable(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	var units []string
	for _, path := range paths {
		units = append(units, filepath.Base(path))
	}
	if booted() {
		if err := systemctl(ctx, append([]string{"stop"}, units...)...); err != nil {
			return err
		}
	}
	return systemctl(ctx, append([]string{"disable", "--quiet"}, units...)...)
}

// forget has systemd see that the units are gone.
func forget(ctx context.Context) error {
	if !booted() {
		return nil
	}
	return systemctl(ctx, "daemon-reload")
}

func systemctl(ctx context.Context, args ...string) error {
	_, err := command(ctx, "systemctl", args...)
	return err
}
