package issuer

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// cert-manager's own defaults.
const (
	defaultDuration = 90 * 24 * time.Hour
	issuerKind      = "Issuer"
)

// certificate is what the issuer reads of a Certificate object.
type certificate struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		SecretName  string           `json:"secretName"`
		DNSNames    []string         `json:"dnsNames"`
		Duration    *metav1.Duration `json:"duration,omitempty"`
		RenewBefore *metav1.Duration `json:"renewBefore,omitempty"`
		IssuerRef   issuerRef        `json:"issuerRef"`
	} `json:"spec"`
	Status status `json:"status"`
}

type issuerRef struct {
	Name  string `json:"name"`
	Kind  string `json:"kind,omitempty"`
	Group string `json:"group,omitempty"`
}

// kind is the referred kind; cert-manager takes Issuer for an empty one.
func (r issuerRef) kind() string {
	if r.Kind == "" {
		return issuerKind
	}
	return r.Kind
}

// status is what the issuer reports on a Certificate.
type status struct {
	Conditions  []metav1.Condition `json:"conditions,omitempty"`
	NotBefore   *metav1.Time       `json:"notBefore,omitempty"`
	NotAfter    *metav1.Time       `json:"notAfter,omitempty"`
	RenewalTime *metav1.Time       `json:"renewalTime,omitempty"`
	Revision    int64              `json:"revision,omitempty"`
}

func parse(object *unstructured.Unstructured) (certificate, error) {
	var c certificate
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &c)
	return c, err
}

// duration is how long a certificate is to be valid.
func (c certificate) duration() time.Duration {
	if c.Spec.Duration == nil {
		return defaultDuration
	}
	return c.Spec.Duration.Duration
}

// renewBefore is how long before its end a certificate is renewed: a third of
// its life if nothing else is said, as in cert-manager.
func (c certificate) renewBefore() time.Duration {
	if c.Spec.RenewBefore == nil || c.Spec.RenewBefore.Duration >= c.duration() {
		return c.duration() / 3
	}
	return c.Spec.RenewBefore.Duration
}
