package provision

import "wiabctl/provision/change"

// What preflight alone finds.
var (
	CheckFailed = change.Kind{ID: "check-failed", Exit: 170,
		Means:  "a check of preflight could not look at what it has to look at",
		Advice: "mend what keeps wiabctl from looking, or go on without knowing (--ignore check-failed)",
		Breaks: "whether this host is fit is not known", Command: "wiabctl preflight", Overrulable: true}
	CheckUnfinished = change.Kind{ID: "check-unfinished", Exit: 171,
		Means:  "a check of preflight got no answer in time",
		Advice: "something that is asked does not answer; run it again when the host is less busy",
		Breaks: "whether this host is fit is not known", Command: "wiabctl preflight", Overrulable: true}
	CapabilityMissing = change.Kind{ID: "capability-missing", Exit: 3,
		Means:  "wiabctl runs as root and may not do all that root does: in a container, or held by systemd or a security module",
		Advice: "run it on the host itself; a container needs all capabilities, as after `--privileged`",
		Breaks: "network, firewall and VMs cannot be changed", Command: "grep Cap /proc/self/status", Overrulable: true}
	AptBusy = change.Kind{ID: "apt-busy", Exit: 175,
		Means:  "another package manager works on this host",
		Advice: "wait until it has ended; wiabctl does, and says so",
		Breaks: "packages that are missing come later", Command: "ps -e -o pid,lstart,args | grep -E 'apt|dpkg'"}
	ClockUnsynchronised = change.Kind{ID: "clock-unsynchronised", Exit: 173,
		Means:  "the kernel says that nobody keeps this host's clock right",
		Advice: "install and start a service that does: systemd-timesyncd or chrony",
		Breaks: "certificates and logins are refused once the clock is minutes off", Command: "apt-get install systemd-timesyncd && timedatectl set-ntp true"}
	ClockWrong = change.Kind{ID: "clock-wrong", Exit: 174,
		Means:  "this host's clock differs from that of a server on the internet",
		Advice: "set the clock, and have a service keep it right",
		Breaks: "certificates are taken for ones of the past or the future, and the VMs begin with the wrong time", Command: "timedatectl set-ntp true && timedatectl"}
	DownloadProxy = change.Kind{ID: "proxy-variables", Exit: 176,
		Means:  "the variables that name a proxy for downloads (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) do not help, or not everywhere",
		Advice: "correct the variables or take them out of the environment; sudo hands them on with --preserve-env",
		Breaks: "downloads do not come", Command: "env | grep -i _proxy", Overrulable: true}
)

// preflightKinds lists them.
func preflightKinds() []change.Kind {
	return []change.Kind{CheckFailed, CheckUnfinished, CapabilityMissing, AptBusy, ClockUnsynchronised, ClockWrong, DownloadProxy}
}
