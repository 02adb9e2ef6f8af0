package network

import (
	"context"
	"fmt"
	"strings"

	"wiabctl/provision/change"
)

// What brings the network back at boot, without wiabctl.
const (
	rulesFile  = "/etc/wiabctl/rules.nft"
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
		{bootUnit, bootText, []string{"multi-user.target", "nftables.service"}},
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
	return units.plan("network at boot", file{rulesFile, waysTable().file(rules)})
}

// removeBoot is the change that takes units and rules file away.
func (f *Fabric) removeBoot(context.Context) ([]change.Change, error) {
	return units{{name: bootUnit, wantedBy: []string{"multi-user.target", "nftables.service"}}, {name: dockerUnit, wantedBy: []string{"docker.service"}}}.
		remove("network at boot", file{path: rulesFile})
}
