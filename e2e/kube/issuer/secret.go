package issuer

import (
	"crypto/x509"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"wiabctl/e2e/kube/pki"
)

// The marks that cert-manager leaves on the Secrets it writes.
const (
	annotationIssuerName = "cert-manager.io/issuer-name"
	annotationIssuerKind = "cert-manager.io/issuer-kind"
	labelOurs            = "controller.cert-manager.io/fao"
)

// newSecret issues what a Certificate asks for.
func newSecret(c certificate, ca *pki.Authority, now time.Time) (*corev1.Secret, error) {
	pair, err := ca.Issue(x509.Certificate{
		DNSNames:    c.Spec.DNSNames,
		NotBefore:   now.Add(-time.Minute),
		NotAfter:    now.Add(c.duration()),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	group := c.Spec.IssuerRef.Group
	if group == "" {
		group = groupName
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.Metadata.Namespace,
			Name:      c.Spec.SecretName,
			Labels:    map[string]string{labelOurs: "true"},
			Annotations: map[string]string{
				"cert-manager.io/alt-names":        strings.Join(c.Spec.DNSNames, ","),
				"cert-manager.io/certificate-name": c.Metadata.Name,
				"cert-manager.io/common-name":      "",
				"cert-manager.io/ip-sans":          "",
				"cert-manager.io/uri-sans":         "",
				"cert-manager.io/issuer-group":     group,
				annotationIssuerKind:               c.Spec.IssuerRef.kind(),
				annotationIssuerName:               c.Spec.IssuerRef.Name,
			},
		},
		Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: pair.Cert, corev1.TLSPrivateKeyKey: pair.Key},
	}, nil
}
