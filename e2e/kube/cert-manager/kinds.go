package main

import (
	"context"
	"time"

	acme "github.com/cert-manager/cert-manager/pkg/apis/acme/v1"
	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
)

// awaitKinds waits until the API knows cert-manager's kinds, for as long as ctx lasts. In a
// cluster the chart's Deployment starts the controller after them; loops that begin before
// they are there would look for them in ever longer pauses.
func awaitKinds(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	api, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, time.Second, true, func(context.Context) (bool, error) {
		// Any failure means not yet: the API may be starting.
		return has(api, certmanager.SchemeGroupVersion.String(), "certificates", "certificaterequests", "issuers", "clusterissuers") &&
			has(api, acme.SchemeGroupVersion.String(), "orders", "challenges"), nil
	})
}

func has(api discovery.DiscoveryInterface, version string, wanted ...string) bool {
	known, err := api.ServerResourcesForGroupVersion(version)
	if err != nil {
		return false
	}
	names := map[string]bool{}
	for _, r := range known.APIResources {
		names[r.Name] = true
	}
	for _, w := range wanted {
		if !names[w] {
			return false
		}
	}
	return true
}
