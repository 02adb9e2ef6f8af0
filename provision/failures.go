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
		Means:  "the configuration file, or a list of domains, has values that cannot be used; all of them are named, each with its line",
		Advice: "mend the lines named above; every field is explained in docs/configuration.md",
		Breaks: "`up` refuses to begin", Command: "sudoedit /etc/wiabctl/wiabctl.yaml"}
	ConfigMissing = change.Kind{ID: "config-missing", Exit: 11,
		Means:  "there is no configuration file where it is looked for",
		Advice: "`wiabctl config init` writes one that fits this host, and asks for what it cannot know; or name another with --config"}
	Locked = change.Kind{ID: "locked", Exit: 12,
		Means:  "another wiabctl changes this installation at the moment",
		Advice: "wait until it has ended; its progress is what `wiabctl status` sees",
		Breaks: "`up` refuses to begin until the other one has ended", Command: "wiabctl status"}
	NotConverged = change.Kind{ID: "not-converged", Exit: 13,
		Means:  "a stage made all its changes, and the system still differs from the configuration",
		Advice: "something undoes the change or it had no effect: look at the log named below, then run the same command again"}
	BadUsage = change.Kind{ID: "usage", Exit: 14,
		Means:  "the command line has a word, a flag or a value that wiabctl does not know there",
		Advice: "see `wiabctl help`"}
	Interrupted = change.Kind{ID: "interrupted", Exit: 15,
		Means:  "a signal, such as Ctrl-C, ended the command before its work was done",
		Advice: "what was made stays and scripts on the admin host go on; `wiabctl up` continues"}
	NotConfirmed = change.Kind{ID: "not-confirmed", Exit: 16,
		Means:  "the command changes or removes something, and nobody said yes",
		Advice: "answer yes, or give --yes where nobody can answer"}
	FailureUnknown = change.Kind{ID: "failure-unknown", Exit: 118,
		Means:  "`wiabctl explain` was asked for a failure that does not exist",
		Advice: "`wiabctl explain` lists all of them"}
	FileUnwritable = change.Kind{ID: "file-unwritable", Exit: 125,
		Means:  "a file that the command was to write cannot be written where it was asked for",
		Advice: "name a place with room, where you may write and no such file is yet"}

	PlanOutdated = change.Kind{ID: "plan-outdated", Exit: 69,
		Means:  "there is something else to do by now than a saved plan says",
		Advice: "look at what there is to do now, and save that: wiabctl plan --out FILE; nothing was changed"}
	TimedOut = change.Kind{ID: "timed-out", Exit: 86,
		Means:  "the time that --timeout gave was over before all was done",
		Advice: "what was made stays; the same command goes on from there, with more --timeout or none"}
	SecretsExposed = change.Kind{ID: "secrets-exposed", Exit: 88,
		Means:  "a configuration file or an overlay holds a secret, and others than its owner may read it",
		Advice: "run the chmod above: what stands in the file is for its owner alone"}
	ConfigExists = change.Kind{ID: "config-exists", Exit: 108,
		Means:  "a configuration file was to be written where there is one already",
		Advice: "edit that file, or give another with --config; wiabctl overwrites none"}

	NotRoot = change.Kind{ID: "not-root", Exit: 20,
		Means:  "the command needs the rights of root on this host",
		Advice: "run it with sudo",
		Breaks: "nothing can be changed, and much cannot be seen", Command: "sudo wiabctl preflight"}
	PackageFailed = change.Kind{ID: "packages", Exit: 21,
		Means:  "apt could not install, upgrade or remove packages of this host",
		Advice: "see what apt says above; `apt-get update` and a look at the sources often help"}
	SudoersInvalid = change.Kind{ID: "sudoers", Exit: 22,
		Means:  "visudo refuses the rule that lets the deploy user become root, so it was not written",
		Advice: "the host's sudo refuses the rule that the deploy user needs; look at visudo's words above"}
	BlockBroken = change.Kind{ID: "block-broken", Exit: 24,
		Means:  "of the two lines that frame what wiabctl wrote into a file of the host, one is missing",
		Advice: "put the missing line back behind the last line of ours, or delete our lines by hand; then run the same command again",
		Breaks: "our lines in the file cannot be told from others'", Command: "sudoedit /etc/hosts"}
	VersionUnknown = change.Kind{ID: "version-unknown", Exit: 25,
		Means:  "the version of the artifact that was asked for is not unpacked on this host",
		Advice: "`wiabctl status` names the versions that are unpacked; any other comes with artifact.hash and `wiabctl up`"}
	KeysRefused = change.Kind{ID: "keys-refused", Exit: 17,
		Means:  "the SSH keys cannot be replaced in the state that the installation is in",
		Advice: "do what is said above, then run the same command again; nothing was replaced"}
	HostKeyMissing = change.Kind{ID: "host-key-missing", Exit: 23,
		Means:  "sshd of this host has no host key by which wiabctl could know it",
		Advice: "install and start openssh-server, which makes the key"}
	PackagesNeeded = change.Kind{ID: "packages-needed", Exit: 18,
		Means:  "others have come to need packages that wiabctl brought, so they cannot be purged",
		Advice: "remove those others first, or leave the packages: `wiabctl down` without --host"}
	OverlayInvalid = change.Kind{ID: "overlay-invalid", Exit: 111,
		Means:  "a file of values of yours, beside the configuration file, cannot be used",
		Advice: "mend what is named above; docs/configuration.md tells what an overlay can be; nothing was deployed with it",
		Breaks: "the overlay cannot be handed to helm", Command: "ls -l /etc/wiabctl/overlays"}
	ProxyUnfit = change.Kind{ID: "proxy-unfit", Exit: 123,
		Means:  "the machine that is to be a domain's proxy cannot be made one",
		Advice: "mend what is said above, then run the same command again; what serves on that machine goes on serving"}
	HostsClash = change.Kind{ID: "hosts-clash", Exit: 19,
		Means:  "a line of /etc/hosts gives a VM's name another address",
		Advice: "take the name out of that line if nobody else needs it; wiabctl does not touch it",
		Breaks: "programs on this host reach another machine under that name", Command: "sudoedit /etc/hosts", Overrulable: true}
)

// What a host can be unfit for.
var (
	SystemUnknown = change.Kind{ID: "system-unknown", Exit: 26,
		Means:  "packages are missing, and their names on this distribution are not known",
		Advice: "use Debian 12, Ubuntu 22.04 or 24.04; or install libvirt, QEMU, docker, nftables, OpenSSH's server and sudo yourself, then run again",
		Breaks: "packages that are missing cannot be installed", Command: "cat /etc/os-release", Overrulable: true}
	UserUnfit = change.Kind{ID: "user-unfit", Exit: 27,
		Means:  "the account of the deploy user exists, and cannot serve as such",
		Advice: "mend the account, or set host.user to one that does not exist yet: wiabctl makes it",
		Breaks: "upstream's scripts cannot run as that user", Command: "sudoedit /etc/wiabctl/wiabctl.yaml"}
	LoginRefused = change.Kind{ID: "login-refused", Exit: 28,
		Means:  "sshd of this host does not let the deploy user in with a key from this host itself",
		Advice: "let sshd listen on 127.0.0.1:22 and let the deploy user in from there with a key; see sshd_config(5), and `sshd -T -C user=NAME,host=localhost,addr=127.0.0.1`",
		Breaks: "wiabctl cannot log in to run upstream's scripts", Command: "sudoedit /etc/ssh/sshd_config", Overrulable: true}
	SudoersApart = change.Kind{ID: "sudoers-apart", Exit: 29,
		Means:  "sudo does not read /etc/sudoers.d, where the deploy user's rule belongs",
		Advice: "add the line `@includedir /etc/sudoers.d` to /etc/sudoers with visudo, as Debian and Ubuntu ship it",
		Breaks: "upstream's scripts cannot use sudo", Command: "visudo", Overrulable: true}
)

// Kinds is the whole failure catalogue.
func Kinds() []change.Kind {
	return slices.Concat(
		[]change.Kind{ConfigInvalid, ConfigMissing, Locked, NotConverged, BadUsage, Interrupted, NotConfirmed, PlanOutdated, TimedOut, SecretsExposed, ConfigExists,
			FailureUnknown, FileUnwritable, Unlisted, SomethingToDo,
			NotRoot, PackageFailed, SudoersInvalid, HostKeyMissing, BlockBroken, VersionUnknown, KeysRefused, PackagesNeeded, HostsClash, OverlayInvalid, ProxyUnfit,
			SystemUnknown, UserUnfit, LoginRefused, SudoersApart},
		preflightKinds(), vm.Kinds(), network.Kinds(), assets.Kinds(), cluster.Kinds(), ingress.Kinds(),
	)
}
