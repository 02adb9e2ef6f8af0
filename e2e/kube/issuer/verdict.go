package issuer

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"wiabctl/e2e/kube/pki"
)

// verdict is what is to be done about a Certificate.
type verdict struct {
	Ready   bool   // the Secret holds what the Certificate asks for
	Issue   bool   // a certificate has to be made
	Reason  string // of the condition Ready
	Message string
	Leaf    *x509.Certificate // what the Secret holds, if Ready
}

// judge compares a Certificate with the Secret it names (nil: there is none)
// and its issuer (nil: there is none; else the Issuer's spec).
func judge(c certificate, issuer map[string]any, secret *corev1.Secret, ca *pki.Authority, now time.Time) verdict {
	ref := c.Spec.IssuerRef
	leaf, why := inspect(c, secret, ca, now)
	if why == "" {
		return verdict{Ready: true, Reason: "Ready", Message: "Certificate is up to date and has not expired", Leaf: leaf}
	}
	switch {
	case len(c.Spec.DNSNames) == 0:
		return verdict{Reason: "InvalidRequest", Message: "spec.dnsNames is empty"}
	case issuer == nil:
		return verdict{Reason: "Pending", Message: fmt.Sprintf("Referenced %q not found: %s %q not found (%s)", ref.kind(), ref.kind(), ref.Name, why)}
	case issuer["acme"] == nil:
		return verdict{Reason: "Pending", Message: fmt.Sprintf("%s %q is not of type ACME, the only one known here", ref.kind(), ref.Name)}
	default:
		return verdict{Issue: true, Reason: "DoesNotExist", Message: why}
	}
}

// inspect returns the certificate in the Secret, or why it does not do.
func inspect(c certificate, secret *corev1.Secret, ca *pki.Authority, now time.Time) (*x509.Certificate, string) {
	if secret == nil {
		return nil, "Issuing certificate as Secret does not exist"
	}
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, "Issuing certificate as Secret does not contain a key pair"
	}
	leaf := pair.Leaf
	have, want := slices.Sorted(slices.Values(leaf.DNSNames)), slices.Sorted(slices.Values(c.Spec.DNSNames))
	switch {
	case !slices.Equal(have, want):
		return nil, "Issuing certificate as fields on existing Secret are not up to date: spec.dnsNames"
	case secret.Annotations[annotationIssuerName] != c.Spec.IssuerRef.Name || secret.Annotations[annotationIssuerKind] != c.Spec.IssuerRef.kind():
		return nil, "Issuing certificate as Secret was previously issued by another issuer"
	case leaf.CheckSignatureFrom(ca.Cert) != nil:
		return nil, "Issuing certificate as Secret was previously issued by another authority"
	case now.After(leaf.NotAfter.Add(-c.renewBefore())):
		return nil, "Renewing certificate as renewal was scheduled at " + leaf.NotAfter.Add(-c.renewBefore()).UTC().Format(time.RFC3339)
	}
	return leaf, ""
}
