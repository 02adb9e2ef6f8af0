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
	ArtifactOther  = change.Kind{ID: "artifact-other", Exit: 25, Advice: "set artifact.hash back; an installation cannot be moved to another artifact yet, only made anew after `wiabctl down`"}
	KeysRefused    = change.Kind{ID: "keys-refused", Exit: 28, Advice: "do what is said above, then run the same command again; nothing was replaced"}
	HostKeyMissing = change.Kind{ID: "host-key-missing", Exit: 23, Advice: "install and start openssh-server, which makes the key"}
)

// Kinds is the whole failure catalogue.
func Kinds() []change.Kind {
	return slices.Concat(
		[]change.Kind{ConfigInvalid, ConfigMissing, Locked, NotConverged, BadUsage, Interrupted, NotConfirmed,
			NotRoot, PackageFailed, SudoersInvalid, HostKeyMissing, BlockBroken, ArtifactOther, KeysRefused},
		vm.Kinds(), network.Kinds(), assets.Kinds(), cluster.Kinds(), ingress.Kinds(),
	)
}
