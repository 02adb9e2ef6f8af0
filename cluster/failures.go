package cluster

import "wiabctl/provision/change"

// The failures that a user can meet while the cluster is driven.
var (
	Unreachable = change.Kind{ID: "ssh-unreachable", Exit: 60,
		Advice: "check that sshd runs there and that nothing filters the way; then run the same command again"}
	HostKeyChanged = change.Kind{ID: "host-key-changed", Exit: 61,
		Advice: "if the machine was re-made on purpose, remove it and its keys with `wiabctl down`; otherwise somebody is in between: do not go on"}
	TemplateUnknown = change.Kind{ID: "inventory-template", Exit: 62,
		Advice: "this artifact's inventory template is not one that wiabctl knows; use the artifact that the release notes name"}
	InventoryTwice = change.Kind{ID: "inventory-twice", Exit: 63,
		Advice: "keep exactly one: remove hosts.ini, wiabctl writes inventory.yml"}
	JobFailed = change.Kind{ID: "job-failed", Exit: 64,
		Advice: "read the log named above, mend the cause, then run `wiabctl up` again: it starts this step anew"}
	JobLost = change.Kind{ID: "job-lost", Exit: 100,
		Advice: "run `wiabctl up` again: it runs the script anew, from where its receipts allow"}
	JobCancelled = change.Kind{ID: "job-cancelled", Exit: 101,
		Advice: "run `wiabctl up` to run the script anew, from where its receipts allow"}
	JobUnknown = change.Kind{ID: "job-unknown", Exit: 102,
		Advice: "`wiabctl logs --help` says which jobs there can be; none has a log before its first run"}
	DiskFull = change.Kind{ID: "admin-disk-full", Exit: 103,
		Advice: "make room on that file system of the admin host, then run `wiabctl up` again: it goes on from there"}
	PlaybookUnknown = change.Kind{ID: "playbook-unknown", Exit: 107,
		Advice: "name one of those, as in `wiabctl up --again cluster/minio`; or run all of them: `wiabctl up --again cluster`"}
	CertificateNotReady = change.Kind{ID: "certificate-not-ready", Exit: 65,
		Advice: "check that the six names of the domain resolve to the public address and that port 80 is reachable; then run `wiabctl up` again"}
	CertificateRefused = change.Kind{ID: "certificate-refused", Exit: 104,
		Advice: "mend what is told above, then run `wiabctl up`: it has cert-manager try again at once; where Let's Encrypt has been asked too often, only waiting helps"}
	SecretsIncomplete = change.Kind{ID: "secrets-incomplete", Exit: 67,
		Advice: "bring the file back from a backup of /var/lib/wiabctl/secrets; new secrets would break sessions, assets and calls"}
	APIUnreachable = change.Kind{ID: "kubernetes-unreachable", Exit: 66,
		Advice: "check the kubenodes with `wiabctl status`; then run `wiabctl up` again"}
	ReleaseNotReady = change.Kind{ID: "release-not-ready", Exit: 109,
		Advice: "mend what is said above; cluster.ready is how long helm waits, for hosts that need longer; then run `wiabctl up` again"}
	ReleaseStuck = change.Kind{ID: "release-stuck", Exit: 110,
		Advice: "wait until the other helm has ended; if it is dead, run `wiabctl up` again: it takes away what that one left"}
	SecretsInconsistent = change.Kind{ID: "secrets-inconsistent", Exit: 113,
		Advice: "make the named values equal again, each as it was when it was last in use, where they are kept too (/var/lib/wiabctl/secrets); `wiabctl secrets check` looks again"}
	NotWell = change.Kind{ID: "unhealthy", Exit: 114,
		Advice: "look at the parts named above: `wiabctl vm list`, `wiabctl kubectl get pods -A`; `wiabctl up` mends what is not as configured"}
	KubeconfigRefused = change.Kind{ID: "kubeconfig-refused", Exit: 115,
		Advice: "rename or mend what is named above, or set KUBECONFIG to another file; nothing was written"}
	ClusterMissing = change.Kind{ID: "cluster-missing", Exit: 116,
		Advice: "run `wiabctl up` first"}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{Unreachable, HostKeyChanged, TemplateUnknown, InventoryTwice, JobFailed, JobLost, JobCancelled, JobUnknown, DiskFull, PlaybookUnknown,
		CertificateNotReady, CertificateRefused, APIUnreachable, SecretsIncomplete, ReleaseNotReady, ReleaseStuck,
		SecretsInconsistent, NotWell, KubeconfigRefused, ClusterMissing}
}
