package cluster

import (
	"context"
	"encoding/json"
	"net/url"
)

// Dumps are the paths of the API whose lists tell how the cluster is, by a name for each. Secrets and config maps are
// not among them.
func Dumps() map[string]string {
	const core, apps, certificates, acme = "/api/v1/", "/apis/apps/v1/", certManagerAPI + "/", "/apis/acme.cert-manager.io/v1/"
	return map[string]string{
		"nodes": core + "nodes", "pods": core + "pods", "events": core + "events", "services": core + "services", "endpoints": core + "endpoints",
		"namespaces": core + "namespaces", "volumes": core + "persistentvolumes", "volumeclaims": core + "persistentvolumeclaims",
		"deployments": apps + "deployments", "statefulsets": apps + "statefulsets", "daemonsets": apps + "daemonsets",
		"jobs": "/apis/batch/v1/jobs", "ingresses": "/apis/networking.k8s.io/v1/ingresses",
		"certificates": certificates + "certificates", "certificaterequests": certificates + "certificaterequests", "issuers": certificates + "issuers",
		"orders": acme + "orders", "challenges": acme + "challenges",
	}
}

// Dump is a list of the API, without the records of who wrote which field: they are the most of it, and tell little.
func (a *API) Dump(ctx context.Context, path string) ([]byte, error) {
	var list struct {
		Items []map[string]any `json:"items"`
	}
	if err := a.get(ctx, path, nil, &list); err != nil {
		return nil, err
	}
	for _, item := range list.Items {
		if meta, ok := item["metadata"].(map[string]any); ok {
			delete(meta, "managedFields")
			if notes, ok := meta["annotations"].(map[string]any); ok {
				delete(notes, "kubectl.kubernetes.io/last-applied-configuration")
			}
		}
	}
	return json.MarshalIndent(list.Items, "", " ")
}

// SecretValues are the values of all Secrets of the cluster, by their keys, but those that keep Helm's releases.
func (a *API) SecretValues(ctx context.Context) (map[string][]string, error) {
	var list struct {
		Items []struct {
			Data map[string][]byte `json:"data"`
		} `json:"items"`
	}
	if err := a.get(ctx, "/api/v1/secrets", url.Values{"fieldSelector": {"type!=helm.sh/release.v1"}}, &list); err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, secret := range list.Items {
		for key, value := range secret.Data {
			all[key] = append(all[key], string(value))
		}
	}
	return all, nil
}
