package cluster

import "path"

// made are the paths in the deploy directory, as patterns of path.Match that a shell
// understands too, of what tells of the cluster's state: the receipts of jobs and
// playbooks, the values of our releases, the notes of upgrades that did not succeed, the
// kubeconfig, the values that upstream's scripts made. A snapshot keeps them. The scripts'
// backups (values.yaml.bak.<time>) are none of it.
func made() []string {
	return []string{
		jobsDir, playbooksDir, releasesDir, pendingDir, path.Dir(adminConf), "ansible/inventory/kubeconfig.dec",
		"values/*/values.yaml", "values/*/secrets.yaml",
	}
}

// Belongings are the paths in the deploy directory, as patterns of path.Match, of what
// belongs to the installation and not to the artifact: all that another version of
// the artifact has to take over to go on from there. Beside what the scripts made that
// is what people may edit, keys, secrets and snapshots. No artifact brings any of it
// (contract section 7).
func Belongings() []string {
	return append(made(), path.Dir(keyFile), inventoryFile, hostsFile, ansibleSecrets, overlaysDir, snapshotsDir)
}
