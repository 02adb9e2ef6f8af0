package network

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
)

// What brings the network back at boot, without wiabctl.
const (
	rulesFile  = "/etc/wiabctl/rules.nft"
	bootUnit   = "wiabctl-network.service"
	dockerUnit = "wiabctl-docker.service"
)

// bootText is the unit that loads settings and rules, before the VMs start: the
// rules name interfaces that need not be there yet. Settings of br_netfilter follow
// when the module comes: systemd's udev rules apply settingsFile to it.
const bootText = `# Written by wiabctl.
[Unit]
Description=The ways to the Wire VMs: kernel settings and the nftables table ip wiabctl
After=nftables.service
Before=libvirtd.service virtqemud.service virtnetworkd.service docker.service
ConditionPathExists=` + rulesFile + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sysctl -q -e -p ` + settingsFile + `
ExecStart=nft -f ` + rulesFile + `
ExecReload=nft -f ` + rulesFile + `

[Install]
WantedBy=multi-user.target
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

// units are those that bring the ways back.
func (f *Fabric) units() (units, error) {
	accepts, err := f.accepts()
	if err != nil {
		return nil, err
	}
	var lines strings.Builder
	for _, accept := range accepts {
		fmt.Fprintf(&lines, "ExecStart=-/bin/sh -c 'iptables -w 5 -C %s %s 2>/dev/null || iptables -w 5 -I %s %s'\n", dockerChain, accept, dockerChain, accept)
	}
	return units{
		{bootUnit, bootText, []string{"multi-user.target"}},
		{dockerUnit, fmt.Sprintf(dockerText, lines.String()), []string{"docker.service"}},
	}, nil
}

// planBoot is the change that what happens at boot needs.
func (f *Fabric) planBoot(context.Context) ([]change.Change, error) {
	rules, err := f.ruleset()
	if err != nil {
		return nil, err
	}
	units, err := f.units()
	if err != nil {
		return nil, err
	}
	return units.plan("network at boot", file{rulesFile, waysTable().file(rules)}, file{reassertFile, reassertText})
}

// removeBoot is the change that takes units and files away.
func (f *Fabric) removeBoot(context.Context) ([]change.Change, error) {
	all := units{{name: bootUnit, wantedBy: []string{"multi-user.target"}}, {name: dockerUnit, wantedBy: []string{"docker.service"}}}
	changes, err := all.remove("network at boot", file{path: rulesFile}, file{path: reassertFile})
	for i, c := range changes {
		changes[i].Apply = func(ctx context.Context, say change.Progress) error {
			return errors.Join(c.Apply(ctx, say), tidy(filepath.Dir(reassertFile)))
		}
	}
	return changes, err
}
