package provision

import (
	"slices"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// The failures of the configuration, the pipeline and the host.
var (
	ConfigInvalid = change.Kind{ID: "config-invalid", Exit: 10,
		Advice: "mend the lines named above; every field is explained in docs/configuration.md"}
	ConfigMissing = change.Kind{ID: "config-missing", Exit: 11,
		Advice: "write one (docs/configuration.md begins with the smallest), or name another with --config"}
	Locked = change.Kind{ID: "locked", Exit: 12,
		Advice: "wait until it has ended; its progress is what `wiabctl status` sees"}
	NotConverged = change.Kind{ID: "not-converged", Exit: 13,
		Advice: "something undoes the change or it had no effect: look at the log named below, then run the same command again"}
	BadUsage    = change.Kind{ID: "usage", Exit: 14, Advice: "see `wiabctl help`"}
	Interrupted = change.Kind{ID: "interrupted", Exit: 15,
		Advice: "what was made stays and scripts on the admin host go on; `wiabctl up` continues"}
	NotConfirmed = change.Kind{ID: "not-confirmed", Exit: 16, Advice: "answer yes, or give --yes where nobody can answer"}

	NotRoot        = change.Kind{ID: "not-root", Exit: 20, Advice: "run it with sudo"}
	PackageFailed  = change.Kind{ID: "packages", Exit: 21, Advice: "see what apt says above; `apt-get update` and a look at the sources often help"}
	SudoersInvalid = change.Kind{ID: "sudoers", Exit: 22, Advice: "the host's sudo refuses the rule that the deploy user needs; look at visudo's words above"}
	BlockBroken    = change.Kind{ID: "block-broken", Exit: 24, Advice: "put the missing line back behind the last line of ours, or delete our lines by hand; then run the same command again"}
	VersionUnknown = change.Kind{ID: "version-unknown", Exit: 25, Advice: "`wiabctl status` names the versions that are unpacked; any other comes with artifact.hash and `wiabctl up`"}
	KeysRefused    = change.Kind{ID: "keys-refused", Exit: 17, Advice: "do what is said above, then run the same command again; nothing was replaced"}
	HostKeyMissing = change.Kind{ID: "host-key-missing", Exit: 23, Advice: "install and start openssh-server, which makes the key"}
	PackagesNeeded = change.Kind{ID: "packages-needed", Exit: 18, Advice: "remove those others first, or leave the packages: `wiabctl down` without --host"}
	OverlayInvalid = change.Kind{ID: "overlay-invalid", Exit: 111, Advice: "mend the lines named above; docs/configuration.md tells what an overlay can be"}
	ProxyUnfit     = change.Kind{ID: "proxy-unfit", Exit: 123, Advice: "mend what is said above, then run the same command again; what serves on that machine goes on serving"}
	HostsClash     = change.Kind{ID: "hosts-clash", Exit: 19, Advice: "take the name out of that line if nobody else needs it; wiabctl does not touch it"}
)

// What a host can be unfit for.
var (
	SystemUnknown = change.Kind{ID: "system-unknown", Exit: 26,
		Advice: "use Debian 12, Ubuntu 22.04 or 24.04; or install libvirt, QEMU, docker, nftables, OpenSSH's server and sudo yourself, then run again"}
	UserUnfit = change.Kind{ID: "user-unfit", Exit: 27,
		Advice: "mend the account, or set host.user to one that does not exist yet: wiabctl makes it"}
	LoginRefused = change.Kind{ID: "login-refused", Exit: 28,
		Advice: "let sshd listen on 127.0.0.1:22 and let the deploy user in from there with a key; see sshd_config(5), and `sshd -T -C user=NAME,host=localhost,addr=127.0.0.1`"}
	SudoersApart = change.Kind{ID: "sudoers-apart", Exit: 29,
		Advice: "add the line `@includedir /etc/sudoers.d` to /etc/sudoers with visudo, as Debian and Ubuntu ship it"}
)

// Kinds is the whole failure catalogue.
func Kinds() []change.Kind {
	return slices.Concat(
		[]change.Kind{ConfigInvalid, ConfigMissing, Locked, NotConverged, BadUsage, Interrupted, NotConfirmed,
			NotRoot, PackageFailed, SudoersInvalid, HostKeyMissing, BlockBroken, VersionUnknown, KeysRefused, PackagesNeeded, HostsClash, OverlayInvalid, ProxyUnfit,
			SystemUnknown, UserUnfit, LoginRefused, SudoersApart},
		preflightKinds(), vm.Kinds(), network.Kinds(), assets.Kinds(), cluster.Kinds(), ingress.Kinds(),
	)
}
