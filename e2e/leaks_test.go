package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLeaks sees that no domain tells of another, and finds a leak of each kind that is planted into the cluster.
func TestLeaks(t *testing.T) {
	standing(t, red, blue)
	a := mustWiabctl(t, "domain", "verify")
	for _, d := range []string{green, red, blue} {
		if !strings.Contains(a.stdout, d+" ") {
			t.Errorf("verify says nothing of %s", d)
		}
	}
	if last := readHost(t, "/var/lib/wiabctl/verified/"+red+".json"); !strings.Contains(last, `"check":"leaks"`) {
		t.Errorf("of the verification is kept: %s", last)
	}
	known := mustWiabctl(t, "domain", "leaks").stdout
	for _, what := range []string{"federation domain", "mails", "conference calls", "account pages", "team settings", "address"} {
		if !strings.Contains(known, "\n"+what+": ") && !strings.HasPrefix(known, what+": ") {
			t.Errorf("of the known leaks %s is missing", what)
		}
	}

	snippet := `nginx.ingress.kubernetes.io/configuration-snippet`
	redirect := `nginx.ingress.kubernetes.io/permanent-redirect`
	for _, leak := range []struct{ kind, plant, undo string }{
		{"header", annotate("nginx-ingress-red", snippet+`='more_set_headers "X-Backend: nginz.`+blue+`";'`), annotate("nginx-ingress-red", snippet+"-")},
		{"policy", annotate("nginx-ingress-red", snippet+`='more_set_headers "Content-Security-Policy: connect-src https://*.`+red+` wss://*.`+red+` https://*.`+blue+`";'`), annotate("nginx-ingress-red", snippet+"-")},
		{"redirect", annotate("minio-ingress-red", redirect+"=https://assets."+blue+"/"), annotate("minio-ingress-red", redirect+"-")},
		{"body", variable("webapp", "APP_NAME", "Wire of "+blue), variable("webapp", "APP_NAME", "Webapp")},
		{"deeplink", deeplinkSays("https://wire.com", "https://"+blue), deeplinkSays("https://"+blue, "https://wire.com")},
	} {
		t.Run(leak.kind, func(t *testing.T) {
			kube(t, leak.plant)
			eventually(t, 30*time.Second, func(ctx context.Context) error { return leakFound(ctx, leak.kind) })
			kube(t, leak.undo)
			eventually(t, 30*time.Second, func(ctx context.Context) error {
				a, err := try(ctx, "wiabctl", "domain", "verify", red)
				if err == nil && a.code != 0 {
					err = errors.New(a.stdout)
				}
				return err
			})
		})
	}
	t.Run("certificate", func(t *testing.T) {
		for file, domains := range map[string][]string{"red": {red}, "both": {red, blue}} {
			cert, key := certified(t, domains...)
			writeHost(t, "/root/"+file+".crt", cert)
			writeHost(t, "/root/"+file+".key", key)
			onHost(t, "chmod 600 /root/"+file+".key")
		}
		configured := func(file string) {
			writeHost(t, configFile, freshConfig+"domains:\n  - {domain: "+red+", certificate: {cert: /root/"+file+".crt, key: /root/"+file+".key}}\n  - {domain: "+blue+"}\n")
		}
		t.Cleanup(func() { installed(t, red, blue) })
		configured("both")
		refuses(t, 71, []string{"certificate-unusable", red + ": ", "it names account." + blue}, "up")
		configured("red")
		mustWiabctl(t, "up", "--only", "domains")
		kube(t, `kubebox kubectl patch secret nginx-ingress-services-red-nginx-multi-ingress-red-wildcard-tls-certificate --patch "{\"data\":{\"tls.crt\":\"$(base64 -w0 /root/both.crt)\",\"tls.key\":\"$(base64 -w0 /root/both.key)\"}}"`)
		eventually(t, 30*time.Second, func(ctx context.Context) error { return leakFound(ctx, "certificate") })
	})
}

// leakFound demands that red's leak of that kind is found, and fails.
func leakFound(ctx context.Context, kind string) error {
	a, err := try(ctx, "wiabctl", "domain", "verify", red)
	if err != nil {
		return err
	}
	for line := range strings.Lines(a.stdout) {
		if a.code == 72 && strings.HasPrefix(line, red) && strings.Contains(line, "leaks") && strings.Contains(line, "the "+kind+" of ") && strings.Contains(line, blue) {
			return nil
		}
	}
	return fmt.Errorf("exit %d: %s", a.code, a.stdout)
}

func annotate(ingress, annotation string) string {
	return "kubebox kubectl annotate --overwrite ingress " + ingress + " " + annotation
}

// variable gives the first container of a Deployment a variable.
func variable(deployment, name, value string) string {
	return fmt.Sprintf(`kubebox kubectl get deployment %[1]s --output json | jq --arg name %[2]q --arg value %[3]q '(.spec.template.spec.containers[0].env[] | select(.name == $name)).value = $value' | kubebox kubectl replace --filename -`, deployment, name, value)
}

// deeplinkSays replaces a text in red's deep link.
func deeplinkSays(before, after string) string {
	return fmt.Sprintf(`kubebox kubectl get configmap nginz-deeplink --output json | jq '.data["nginz-https.%s-deeplink.json"] |= sub("%s"; "%s")' | kubebox kubectl replace --filename -`, red, before, after)
}

// certified is a certificate of the lab's authority for the names of several domains, and its key.
func certified(t testing.TB, domains ...string) (cert, key string) {
	t.Helper()
	pair := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(theLab.Dir(), "ca", name))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		return block.Bytes
	}
	authority, err := x509.ParseCertificate(pair("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := x509.ParsePKCS8PrivateKey(pair("ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().AddDate(0, 6, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, d := range domains {
		for _, service := range []string{"nginz-https", "nginz-ssl", "webapp", "assets", "teams", "account"} {
			template.DNSNames = append(template.DNSNames, service+"."+d)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, own.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}
