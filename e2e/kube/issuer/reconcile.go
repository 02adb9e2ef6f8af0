package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// judgeAll brings every issuer and every Certificate up to date.
func (i *Issuer) judgeAll(ctx context.Context) error {
	var failures []error
	for gvr, lister := range map[schema.GroupVersionResource]cache.GenericLister{
		issuers: i.known.issuers, clusterIssuers: i.known.clusterIssuers, certificates: i.known.certificates,
	} {
		all, err := lister.List(labels.Everything())
		if err != nil {
			return err
		}
		act := i.register
		if gvr == certificates {
			act = i.issue
		}
		for _, object := range all {
			c, err := parse(object.(*unstructured.Unstructured)) // what dynamic listers hold
			if err == nil {
				err = act(ctx, gvr, c)
			}
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// register says of an ACME issuer that its account exists.
func (i *Issuer) register(ctx context.Context, gvr schema.GroupVersionResource, issuer certificate) error {
	next := issuer.Status
	next.Conditions = withReady(issuer, metav1.ConditionTrue, "ACMEAccountRegistered", "The ACME account was registered with the ACME server")
	return i.report(ctx, gvr, issuer, next)
}

// issue brings one Certificate, its Secret and its status up to date.
func (i *Issuer) issue(ctx context.Context, gvr schema.GroupVersionResource, c certificate) error {
	secret, err := i.secret(ctx, c)
	if err != nil {
		return err
	}
	spec := i.issuerSpec(c)
	now := time.Now()
	v := judge(c, spec, secret, i.ca, now)
	next := c.Status
	if v.Issue {
		made, err := newSecret(c, i.ca, now)
		if err != nil {
			return fmt.Errorf("issue certificate %s: %w", c.Metadata.Name, err)
		}
		if err := i.store(ctx, made, secret); err != nil {
			return fmt.Errorf("store certificate %s: %w", c.Metadata.Name, err)
		}
		slog.Info("issued", "namespace", c.Metadata.Namespace, "certificate", c.Metadata.Name, "secret", c.Spec.SecretName, "because", v.Message)
		next.Revision++
		v = judge(c, spec, made, i.ca, now)
	}
	ready := metav1.ConditionFalse
	if v.Ready {
		ready = metav1.ConditionTrue
		renewal := metav1.NewTime(v.Leaf.NotAfter.Add(-c.renewBefore()))
		next.NotBefore, next.NotAfter, next.RenewalTime = &metav1.Time{Time: v.Leaf.NotBefore}, &metav1.Time{Time: v.Leaf.NotAfter}, &renewal
	}
	next.Conditions = withReady(c, ready, v.Reason, v.Message)
	return i.report(ctx, gvr, c, next)
}

// secret is the Secret that a Certificate names, or nil. It is asked of the API
// and not of a cache, since what was just written must be seen.
func (i *Issuer) secret(ctx context.Context, c certificate) (*corev1.Secret, error) {
	secret, err := i.kube.CoreV1().Secrets(c.Metadata.Namespace).Get(ctx, c.Spec.SecretName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret, err
}

// store puts made in the place of old, which may be nil. A Secret's type cannot
// change, so one of another type has to go first.
func (i *Issuer) store(ctx context.Context, made, old *corev1.Secret) error {
	secrets := i.kube.CoreV1().Secrets(made.Namespace)
	if old != nil && old.Type == made.Type {
		made.ResourceVersion = old.ResourceVersion
		_, err := secrets.Update(ctx, made, metav1.UpdateOptions{})
		return err
	}
	if old != nil {
		if err := secrets.Delete(ctx, old.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	_, err := secrets.Create(ctx, made, metav1.CreateOptions{})
	return err
}

// issuerSpec is the spec of the issuer that a Certificate refers to, or nil.
func (i *Issuer) issuerSpec(c certificate) map[string]any {
	ref := c.Spec.IssuerRef
	var object runtime.Object
	var err error
	switch ref.kind() {
	case "ClusterIssuer":
		object, err = i.known.clusterIssuers.Get(ref.Name)
	case issuerKind:
		object, err = i.known.issuers.ByNamespace(c.Metadata.Namespace).Get(ref.Name)
	default:
		return nil
	}
	if err != nil { // only ever "not found": it is a local cache
		return nil
	}
	spec, _, err := unstructured.NestedMap(object.(*unstructured.Unstructured).Object, "spec") // what dynamic listers hold
	if err != nil || spec == nil {
		return map[string]any{}
	}
	return spec
}

// withReady is the object's conditions with Ready as given.
func withReady(c certificate, value metav1.ConditionStatus, reason, message string) []metav1.Condition {
	conditions := append([]metav1.Condition(nil), c.Status.Conditions...)
	meta.SetStatusCondition(&conditions, metav1.Condition{
		Type: "Ready", Status: value, Reason: reason, Message: message, ObservedGeneration: c.Metadata.Generation,
	})
	return conditions
}

// report writes a status that differs from what stands there.
func (i *Issuer) report(ctx context.Context, gvr schema.GroupVersionResource, c certificate, next status) error {
	if sameStatus(c.Status, next) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"status": next})
	if err != nil {
		return err
	}
	objects := i.dynamic.Resource(gvr).Namespace(c.Metadata.Namespace)
	_, err = objects.Patch(ctx, c.Metadata.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) { // the definition may have no status subresource
		_, err = objects.Patch(ctx, c.Metadata.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	}
	if apierrors.IsNotFound(err) { // deleted meanwhile
		return nil
	}
	return err
}

// sameStatus compares as the API would store them: times are whole seconds.
func sameStatus(a, b status) bool {
	return reflect.DeepEqual(stored(a), stored(b))
}

func stored(s status) any {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return string(text)
}
