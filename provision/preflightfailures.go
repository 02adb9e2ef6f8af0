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
)

// preflightKinds lists them.
func preflightKinds() []change.Kind { return []change.Kind{CheckFailed, CheckUnfinished} }
