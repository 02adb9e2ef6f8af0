package issuer

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"wiabctl/e2e/kube/pki"
)

var (
	now  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	acme = map[string]any{"acme": map[string]any{"email": "ops@example.org"}}
)

// wanted is a Certificate as the charts render it.
func wanted(t *testing.T) certificate {
	t.Helper()
	c, err := parse(&unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"name": "red-example-com-csr", "namespace": "default", "generation": int64(3)},
		"spec": map[string]any{
			"secretName": "red-managed-tls-certificate", "duration": "2160h", "renewBefore": "360h",
			"dnsNames":   []any{"nginz-https.red.example.com", "webapp.red.example.com"},
			"issuerRef":  map[string]any{"name": "letsencrypt-http01-red", "kind": "ClusterIssuer"},
			"privateKey": map[string]any{"algorithm": "ECDSA", "size": int64(384)},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func authority(t *testing.T) *pki.Authority {
	t.Helper()
	ca, _, err := pki.NewAuthority("lab")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func issued(t *testing.T, c certificate, ca *pki.Authority) *corev1.Secret {
	t.Helper()
	secret, err := newSecret(c, ca, now)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestJudge(t *testing.T) {
	ca := authority(t)
	day := 24 * time.Hour
	cases := map[string]struct {
		change  func(c *certificate, s *corev1.Secret)
		issuer  map[string]any
		none    bool // no Secret
		later   time.Duration
		ready   bool
		issue   bool
		message string
	}{
		"issued":              {issuer: acme, ready: true, message: "up to date"},
		"issued, issuer gone": {ready: true, message: "up to date"},
		"no Secret":           {issuer: acme, none: true, issue: true, message: "does not exist"},
		"no Secret, no issuer": {
			none: true, message: `Referenced "ClusterIssuer" not found: ClusterIssuer "letsencrypt-http01-red" not found`,
		},
		"issuer of another kind": {issuer: map[string]any{"selfSigned": map[string]any{}}, none: true, message: "not of type ACME"},
		"no names": {
			issuer: acme, none: true, change: func(c *certificate, _ *corev1.Secret) { c.Spec.DNSNames = nil }, message: "dnsNames is empty",
		},
		"another name": {
			issuer: acme, issue: true, message: "spec.dnsNames",
			change: func(c *certificate, _ *corev1.Secret) {
				c.Spec.DNSNames = append(c.Spec.DNSNames, "assets.red.example.com")
			},
		},
		"names in another order": {
			issuer: acme, ready: true, message: "up to date",
			change: func(c *certificate, _ *corev1.Secret) {
				c.Spec.DNSNames = []string{"webapp.red.example.com", "nginz-https.red.example.com"}
			},
		},
		"another issuer": {
			issuer: acme, issue: true, message: "another issuer",
			change: func(c *certificate, _ *corev1.Secret) { c.Spec.IssuerRef.Name = "letsencrypt-http01" },
		},
		"damaged": {
			issuer: acme, issue: true, message: "does not contain a key pair",
			change: func(_ *certificate, s *corev1.Secret) { s.Data[corev1.TLSPrivateKeyKey] = []byte("x") },
		},
		"a day before renewal": {issuer: acme, later: 74 * day, ready: true, message: "up to date"},
		"renewal":              {issuer: acme, later: 75*day + time.Second, issue: true, message: "renewal was scheduled"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := wanted(t)
			secret := issued(t, c, ca)
			if tc.change != nil {
				tc.change(&c, secret)
			}
			if tc.none {
				secret = nil
			}
			v := judge(c, tc.issuer, secret, ca, now.Add(tc.later))
			if v.Ready != tc.ready || v.Issue != tc.issue || !strings.Contains(v.Message, tc.message) {
				t.Errorf("ready %v, issue %v, %q; want ready %v, issue %v, ...%q...", v.Ready, v.Issue, v.Message, tc.ready, tc.issue, tc.message)
			}
			if v.Ready != (v.Leaf != nil) {
				t.Errorf("ready %v with leaf %v", v.Ready, v.Leaf)
			}
		})
	}
}

func TestJudgeOfAnotherAuthority(t *testing.T) {
	c := wanted(t)
	secret := issued(t, c, authority(t))
	if v := judge(c, acme, secret, authority(t), now); !v.Issue || !strings.Contains(v.Message, "another authority") {
		t.Errorf("got %+v", v)
	}
}

func TestNewSecret(t *testing.T) {
	c, ca := wanted(t), authority(t)
	secret := issued(t, c, ca)
	if secret.Name != "red-managed-tls-certificate" || secret.Namespace != "default" || secret.Type != corev1.SecretTypeTLS {
		t.Errorf("wrong Secret: %s/%s of type %s", secret.Namespace, secret.Name, secret.Type)
	}
	if got := secret.Annotations["cert-manager.io/alt-names"]; got != "nginz-https.red.example.com,webapp.red.example.com" {
		t.Errorf("alt-names is %q", got)
	}
	if secret.Labels[labelOurs] != "true" {
		t.Error("the label that the cache selects by is missing")
	}
	leaf := judge(c, acme, secret, ca, now).Leaf
	if want := now.Add(2160 * time.Hour); !leaf.NotAfter.Equal(want) {
		t.Errorf("ends %s, want %s", leaf.NotAfter, want)
	}
}

func TestDefaults(t *testing.T) {
	var c certificate
	if got := c.Spec.IssuerRef.kind(); got != "Issuer" {
		t.Errorf("kind is %q", got)
	}
	if c.duration() != 90*24*time.Hour || c.renewBefore() != 30*24*time.Hour {
		t.Errorf("duration %s, renewBefore %s", c.duration(), c.renewBefore())
	}
	c.Spec.Duration = &metav1.Duration{Duration: time.Hour}
	c.Spec.RenewBefore = &metav1.Duration{Duration: 2 * time.Hour}
	if c.renewBefore() != 20*time.Minute {
		t.Errorf("a renewal before the beginning gives %s", c.renewBefore())
	}
}

func TestReportedOnce(t *testing.T) {
	c := wanted(t)
	next := c.Status
	next.Conditions = withReady(c, metav1.ConditionTrue, "Ready", "fine")
	if sameStatus(c.Status, next) {
		t.Error("a new condition passes for none")
	}
	if got := next.Conditions[0].ObservedGeneration; got != 3 {
		t.Errorf("observed generation %d", got)
	}
	c.Status = next
	again := next
	again.Conditions = withReady(c, metav1.ConditionTrue, "Ready", "fine")
	if !sameStatus(c.Status, again) {
		t.Error("the same condition would be written again and again")
	}
}
