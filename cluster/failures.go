package cluster

import "wiabctl/provision/change"

// The failures that a user can meet while the cluster is driven.
var (
	Unreachable = change.Kind{ID: "ssh-unreachable", Exit: 60,
		Means:  "a machine does not answer over SSH",
		Advice: "check that sshd runs there and that nothing filters the way; then run the same command again"}
	HostKeyChanged = change.Kind{ID: "host-key-changed", Exit: 61,
		Means:  "a machine shows another SSH host key than the one that is known",
		Advice: "if the machine was re-made on purpose, remove it and its keys with `wiabctl down`; otherwise somebody is in between: do not go on"}
	TemplateUnknown = change.Kind{ID: "inventory-template", Exit: 62,
		Means:  "the artifact's inventory template is not one that wiabctl knows",
		Advice: "this artifact's inventory template is not one that wiabctl knows; use the artifact that the release notes name"}
	InventoryTwice = change.Kind{ID: "inventory-twice", Exit: 63,
		Means:  "the artifact's inventory directory holds two inventories",
		Advice: "keep exactly one: remove hosts.ini, wiabctl writes inventory.yml"}
	JobFailed = change.Kind{ID: "job-failed", Exit: 64,
		Means:  "a script on the admin host ended with an error",
		Advice: "read the log named above, mend the cause, then run `wiabctl up` again: it starts this step anew"}
	JobLost = change.Kind{ID: "job-lost", Exit: 100,
		Means:  "a script on the admin host is gone without a word on how it ended",
		Advice: "run `wiabctl up` again: it runs the script anew, from where its receipts allow"}
	JobCancelled = change.Kind{ID: "job-cancelled", Exit: 101,
		Means:  "a script on the admin host was ended by `wiabctl cancel`",
		Advice: "run `wiabctl up` to run the script anew, from where its receipts allow"}
	JobUnknown = change.Kind{ID: "job-unknown", Exit: 102,
		Means:  "there is no script of that name, or it never ran",
		Advice: "`wiabctl logs --help` says which jobs there can be; none has a log before its first run"}
	DiskFull = change.Kind{ID: "admin-disk-full", Exit: 103,
		Means:  "a disk of the admin host is full",
		Advice: "make room on that file system of the admin host, then run `wiabctl up` again: it goes on from there"}
	PlaybookUnknown = change.Kind{ID: "playbook-unknown", Exit: 107,
		Means:  "the cluster's script plays no playbook of that name",
		Advice: "name one of those, as in `wiabctl up --again cluster/minio`; or run all of them: `wiabctl up --again cluster`"}
	CertificateNotReady = change.Kind{ID: "certificate-not-ready", Exit: 65,
		Means:  "a domain's certificate was not issued in time",
		Advice: "check that the six names of the domain resolve to the public address and that port 80 is reachable; then run `wiabctl up` again"}
	CertificateRefused = change.Kind{ID: "certificate-refused", Exit: 104,
		Means:  "Let's Encrypt refused a domain's certificate",
		Advice: "mend what is told above, then run `wiabctl up`: it has cert-manager try again at once; where Let's Encrypt has been asked too often, only waiting helps"}
	SecretsIncomplete = change.Kind{ID: "secrets-incomplete", Exit: 67,
		Means:  "secrets that were made once, and are in use, are not all there",
		Advice: "bring the file back from a backup of /var/lib/wiabctl/secrets; new secrets would break sessions, assets and calls"}
	APIUnreachable = change.Kind{ID: "kubernetes-unreachable", Exit: 66,
		Means:  "the Kubernetes API does not answer as it should",
		Advice: "check the kubenodes with `wiabctl status`; then run `wiabctl up` again"}
	ReleaseNotReady = change.Kind{ID: "release-not-ready", Exit: 109,
		Means:  "a Helm release was deployed, and its pods did not become ready in time",
		Advice: "mend what is said above; cluster.ready is how long helm waits, for hosts that need longer; then run `wiabctl up` again"}
	ReleaseStuck = change.Kind{ID: "release-stuck", Exit: 110,
		Means:  "another helm holds a release, or left it pending",
		Advice: "wait until the other helm has ended; if it is dead, run `wiabctl up` again: it takes away what that one left"}
	SecretsInconsistent = change.Kind{ID: "secrets-inconsistent", Exit: 113,
		Means:  "secrets that have to be equal, or a pair, are not",
		Advice: "make the named values equal again, each as it was when it was last in use, where they are kept too (/var/lib/wiabctl/secrets); `wiabctl secrets check` looks again"}
	NotWell = change.Kind{ID: "unhealthy", Exit: 114,
		Means:  "a part of the cluster is not well by its own word, or does not answer",
		Advice: "look at the parts named above: `wiabctl vm list`, `wiabctl kubectl get pods -A`; `wiabctl up` mends what is not as configured"}
	KubeconfigRefused = change.Kind{ID: "kubeconfig-refused", Exit: 115,
		Means:  "the cluster cannot be put into your kubeconfig without taking something of yours away",
		Advice: "rename or mend what is named above, or set KUBECONFIG to another file; nothing was written"}
	ClusterMissing = change.Kind{ID: "cluster-missing", Exit: 116,
		Means:  "the command needs a cluster, and there is none yet",
		Advice: "run `wiabctl up` first"}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{Unreachable, HostKeyChanged, TemplateUnknown, InventoryTwice, JobFailed, JobLost, JobCancelled, JobUnknown, DiskFull, PlaybookUnknown,
		CertificateNotReady, CertificateRefused, APIUnreachable, SecretsIncomplete, ReleaseNotReady, ReleaseStuck,
		SecretsInconsistent, NotWell, KubeconfigRefused, ClusterMissing}
}
