package cluster

// ScriptReleases are the releases that helm-operations.sh deploys, in its order, each from
// the chart and the values of its name (contract section 8.4); with calling those of calls too.
func ScriptReleases(calling bool) []string {
	all := []string{
		"cassandra-external", "elasticsearch-external", "minio-external", "postgresql-external", "fake-aws", "smtp", "rabbitmq-external",
		"databases-ephemeral", "reaper", "wire-server", "webapp", "account-pages", "team-settings", "ingress-nginx-controller",
		"cert-manager", "nginx-ingress-services",
	}
	if calling {
		all = append(all, "sftd", "coturn")
	}
	return all
}
