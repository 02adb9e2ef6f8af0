package provision

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/ingress"
)

// withOverlays opens an installation whose configuration file has these overlays beside it.
func withOverlays(t *testing.T, config string, overlays map[string]string) *Installation {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "wiabctl.yaml")
	err := os.WriteFile(file, []byte(config), 0o644)
	for name, content := range overlays {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, "overlays"), 0o755), os.WriteFile(filepath.Join(dir, "overlays", name), []byte(content), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return Open(c, nil)
}

const withRed = smallest + "domains:\n  - {domain: red.example.com, certificate: {cert: c, key: k}}\n"

func TestReadOverlays(t *testing.T) {
	tests := []struct {
		name, config string
		overlays     map[string]string
		says         []string // of the refusal
	}{
		{"none", smallest, nil, nil},
		{"some, and files that are none", withRed, map[string]string{"smtp.yaml": "smtp: {config: {MAILNAME: m}}", "nginx-ingress-services-red.yaml": "extra: 1", "README": "x", "smtp.yaml~": "x"}, nil},
		{"an unknown release", smallest, map[string]string{"wireserver.yaml": "a: 1"}, []string{"overlays/wireserver.yaml cannot be used", "there is no release wireserver; there are account-pages, "}},
		{"of a domain that there is not", smallest, map[string]string{"nginx-ingress-services-red.yaml": "a: 1"}, []string{"there is no release nginx-ingress-services-red"}},
		{"of calls that are not served", smallest + "calling: none\n", map[string]string{"sftd.yaml": "a: 1"}, []string{"there is no release sftd"}},
		{"another ending", smallest, map[string]string{"smtp.yml": "a: 1"}, []string{"overlays/smtp.yml would not be read"}},
		{"all problems at once", smallest, map[string]string{"smtp.yaml": "[", "webapp.yaml": "a: yes"}, []string{"smtp.yaml cannot be used", "webapp.yaml cannot be used:\nline 1: yes"}},
		{"our mark", smallest, map[string]string{"smtp.yaml": "wiabctl: {overlay: x}"}, []string{"the key wiabctl is wiabctl's own"}},
		{"what only an extra domain has computed", smallest, map[string]string{"wire-server.yaml": "galley: {config: {settings: {conversationCodeURI: x}}}"}, nil},
		{"against a computed value", withRed, map[string]string{"wire-server.yaml": "galley:\n  config:\n    settings: {conversationCodeURI: x}"}, []string{"line 3: galley.config.settings.conversationCodeURI is computed"}},
		{"it says so", withRed, map[string]string{"wire-server.yaml": "galley:\n  config:\n    settings:\n      conversationCodeURI: x # wiabctl: override"}, nil},
		{"against a domain's release", withRed, map[string]string{"nginx-ingress-services-red.yaml": "config: {isAdditionalIngress: false}"}, []string{"config.isAdditionalIngress is computed"}},
		{"against a domain's certificate", withRed, map[string]string{"nginx-ingress-services-red.yaml": "secrets: {tlsWildcardKey: k}"}, []string{"secrets.tlsWildcardKey is computed"}},
		{"against what the ingress believes", smallest + "proxy: {address: 198.51.100.20}\n", map[string]string{"ingress-nginx-controller.yaml": "ingress-nginx: {controller: {config: {use-forwarded-headers: 'false'}}}"},
			[]string{"ingress-nginx.controller.config.use-forwarded-headers is computed"}},
		{"what the ingress believes without a proxy", smallest, map[string]string{"ingress-nginx-controller.yaml": "ingress-nginx: {controller: {config: {use-forwarded-headers: 'true'}}}"}, nil},
		{"against the order of allowed origins", withRed, map[string]string{"sftd.yaml": "allowOrigin: https://x"}, []string{"allowOrigin is computed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := withOverlays(t, test.config, test.overlays).overlayCheck(t.Context())
			if (err == nil) != (len(test.says) == 0) || err != nil && !errors.Is(err, OverlayInvalid.Failf("")) {
				t.Fatalf("error %v, want overlay-invalid with %q", err, test.says)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q is not said in\n%v", says, err)
				}
			}
		})
	}
}

// TestOverlayMark has the mark tell of every change of the file, also of one that takes a
// key out.
func TestOverlayMark(t *testing.T) {
	of := func(content string) any {
		i := withOverlays(t, smallest, map[string]string{"smtp.yaml": content})
		all, err := i.readOverlays(i.layers(nil))
		if err != nil || len(all) != 1 || all["smtp"].Values["a"] != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		return all["smtp"].Values[mark].(ingress.Values)["overlay"]
	}
	if one, other := of("{a: 1, b: 2}"), of("{a: 1}"); one == other || one == "" {
		t.Errorf("the marks are %v and %v", one, other)
	}
}

// TestHelmEnvironment shows that contract 8.4's broken combination, calls without
// cert-manager, cannot be configured: cert-manager is always deployed, and the default
// domain cannot bring a certificate.
func TestHelmEnvironment(t *testing.T) {
	for mode, calling := range map[string]string{"self-hosted": "TRUE", "none": "FALSE"} {
		config := strings.Replace(smallest, "ops@", "ops+wire@", 1) + "calling: {mode: " + mode + ", node: kubenode1}\nnetwork: {public_address: 203.0.113.7}\n"
		environment, err := withOverlays(t, config, nil).helmEnvironment()
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"TARGET_SYSTEM=green.example.org", "CERT_MASTER_EMAIL=ops+wire@example.org", "DEPLOY_CERT_MANAGER=TRUE",
			"DEPLOY_CALLING_SERVICES=" + calling, "HOST_IP=203.0.113.7", "WIABCTL_CALLING_NODE=kubenode1"}
		if !slices.Equal(environment, want) {
			t.Errorf("%s: %q, want %q", mode, environment, want)
		}
	}
	for _, config := range []string{smallest + "certificate: {cert: c, key: k}\n", strings.Replace(smallest, "domain: green.example.org", "domain: example.com", 1)} {
		if _, err := Parse([]byte(config)); err == nil {
			t.Errorf("it was taken:\n%s", config)
		}
	}
}

// TestOverlayExposed refuses an overlay with a secret that others may read, and says what else is wrong with it.
func TestOverlayExposed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wiabctl.yaml")
	overlay := filepath.Join(filepath.Dir(file), overlaysDir, "smtp.yaml")
	if err := errors.Join(os.MkdirAll(filepath.Dir(overlay), 0o755), os.WriteFile(file, []byte(smallest), 0o644),
		os.WriteFile(overlay, []byte("smtp: {config: {SMARTHOST_PASSWORD: hunter2}}\n"), 0o640)); err != nil {
		t.Fatal(err)
	}
	config, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	i := Open(config, nil)
	defer i.Close()
	if err := i.overlayCheck(t.Context()); !errors.Is(err, SecretsExposed.Failf("")) || !strings.Contains(err.Error(), "line 1, smtp.config.SMARTHOST_PASSWORD") {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := i.overlayCheck(t.Context()); err != nil {
		t.Errorf("with mode 0600: %v", err)
	}
}
