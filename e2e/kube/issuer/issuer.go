package issuer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"wiabctl/e2e/kube/pki"
)

const (
	groupName = "cert-manager.io"
	version   = "v1"

	// askAgain is how often it is looked whether cert-manager's kinds exist.
	askAgain = time.Second
	// lookAgain is how often all Certificates are judged though nothing changed,
	// for those that are to be renewed.
	lookAgain = time.Minute
)

var (
	certificates   = schema.GroupVersionResource{Group: groupName, Version: version, Resource: "certificates"}
	issuers        = schema.GroupVersionResource{Group: groupName, Version: version, Resource: "issuers"}
	clusterIssuers = schema.GroupVersionResource{Group: groupName, Version: version, Resource: "clusterissuers"}
)

// Issuer keeps the Certificates of a cluster issued.
type Issuer struct {
	ca      *pki.Authority
	kube    kubernetes.Interface
	dynamic dynamic.Interface

	known struct {
		certificates, issuers, clusterIssuers cache.GenericLister
	}
}

// New makes the issuer of a cluster; ca signs all that it issues.
func New(cluster *rest.Config, ca *pki.Authority) (*Issuer, error) {
	kube, err := kubernetes.NewForConfig(cluster)
	if err != nil {
		return nil, err
	}
	dynamic, err := dynamic.NewForConfig(cluster)
	if err != nil {
		return nil, err
	}
	return &Issuer{ca: ca, kube: kube, dynamic: dynamic}, nil
}

// Run issues until ctx ends. Cert-manager's kinds need not be there yet.
func (i *Issuer) Run(ctx context.Context) error {
	if err := i.awaitKinds(ctx); err != nil {
		return err
	}
	slog.Info("issuing certificates")
	return i.issueOnChange(ctx)
}

// awaitKinds waits until the API knows cert-manager's kinds, for as long as ctx lasts.
func (i *Issuer) awaitKinds(ctx context.Context) error {
	ticks := time.NewTicker(askAgain)
	defer ticks.Stop()
	for {
		// Any failure means not yet: the API may be starting.
		known, err := i.kube.Discovery().ServerResourcesForGroupVersion(groupName + "/" + version)
		if err == nil && has(known, certificates, issuers, clusterIssuers) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

func has(known *metav1.APIResourceList, wanted ...schema.GroupVersionResource) bool {
	names := map[string]bool{}
	for _, r := range known.APIResources {
		names[r.Name] = true
	}
	for _, w := range wanted {
		if !names[w.Resource] {
			return false
		}
	}
	return true
}

// issueOnChange judges all Certificates whenever anything they depend on changes.
func (i *Issuer) issueOnChange(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { signal(changed) },
		UpdateFunc: func(any, any) { signal(changed) },
		DeleteFunc: func(any) { signal(changed) },
	}
	objects := dynamicinformer.NewDynamicSharedInformerFactory(i.dynamic, 0)
	i.known.certificates = objects.ForResource(certificates).Lister()
	i.known.issuers = objects.ForResource(issuers).Lister()
	i.known.clusterIssuers = objects.ForResource(clusterIssuers).Lister()
	secrets := informers.NewSharedInformerFactoryWithOptions(i.kube, 0,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = labelOurs + "=true" }))
	for _, informer := range []cache.SharedIndexInformer{
		objects.ForResource(certificates).Informer(),
		objects.ForResource(issuers).Informer(),
		objects.ForResource(clusterIssuers).Informer(),
		secrets.Core().V1().Secrets().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("follow what certificates depend on: %w", err)
		}
	}
	defer objects.Shutdown()
	defer secrets.Shutdown()
	objects.Start(ctx.Done())
	secrets.Start(ctx.Done())
	objects.WaitForCacheSync(ctx.Done())
	secrets.WaitForCacheSync(ctx.Done())

	again := time.NewTimer(lookAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-again.C:
		}
		again.Reset(lookAgain)
		if err := i.judgeAll(ctx); err != nil && !apierrors.IsConflict(err) {
			slog.Warn("certificates are not all judged, trying again", "error", err)
			again.Reset(askAgain)
		}
	}
}

func signal(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}
