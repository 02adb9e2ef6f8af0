package provision

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"wiabctl/ingress"
)

const proxiedRed = smallest + `network: {wan: lo, public_address: 203.0.113.10}
domains:
  - {domain: red.example.com, proxy: {address: 198.51.100.20}}
`

// redProxy is the stage of red's proxy, and of what its machine would tell if all were done.
func redProxy(t *testing.T) (*proxyStage, string) {
	t.Helper()
	config, err := Parse([]byte(proxiedRed))
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := Open(config, nil).ProxyPipeline("red.example.com", "")
	if err != nil {
		t.Fatal(err)
	}
	stage := pipeline.Steps[0].Stage.(*proxyStage)
	told := "system debian Debian GNU/Linux 12 (bookworm)\nlistens 80 haproxy\nlistens 443 haproxy\n"
	for _, f := range stage.files() {
		told += fmt.Sprintf("file %s %s\n", f.Path, fact(f))
	}
	told += "loaded " + stage.stamp() + "\nunit haproxy.service enabled active\nunit certbot.timer enabled active\n"
	return stage, told + "certificate " + issued(t, now.Add(90*24*time.Hour), stage.front.Hosts...) + "\nserved\n"
}

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// issued is a certificate as the machine tells of it.
func issued(t *testing.T, end time.Time, hosts ...string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: now.Add(-time.Hour), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestProxyPlan(t *testing.T) {
	stage, done := redProxy(t)
	lines := strings.Split(done, "\n")
	certificate := lines[len(lines)-3]
	const (
		packages = "create packages haproxy, certbot: they are not installed"
		renewal  = "update file /etc/letsencrypt/renewal-hooks/deploy/wiabctl: it gives haproxy what certbot renews"
	)
	for _, tc := range []struct {
		name, from, to string // of what the machine tells
		want           []string
	}{
		{"all is done", "", "", nil},
		{"a fresh machine", done, "system ubuntu Ubuntu 22.04.5 LTS\nmissing haproxy\nmissing certbot\nunit haproxy.service  inactive\nunit certbot.timer  inactive\n", []string{
			packages, "update haproxy's configuration: there is no /etc/haproxy/wiabctl-challenge.lua", renewal,
			"start haproxy.service: it has to run, and to start at boot", "start certbot.timer: it has to run, and to start at boot", "create certificate of red.example.com: there is none yet"}},
		{"another content", "haproxy.cfg 644 ", "haproxy.cfg 644 0", []string{"update haproxy's configuration: /etc/haproxy/haproxy.cfg differs"}},
		{"another mode", "wiabctl-challenge.lua 644", "wiabctl-challenge.lua 666", []string{"update haproxy's configuration: /etc/haproxy/wiabctl-challenge.lua differs"}},
		{"killed before the reload", "loaded " + stage.stamp() + "\n", "", []string{"update haproxy's configuration: it was not loaded to its end"}},
		{"a renewal that nobody may run", "deploy/wiabctl 755", "deploy/wiabctl 644", []string{renewal}},
		{"it does not start at boot", "haproxy.service enabled", "haproxy.service disabled", []string{"start haproxy.service: it has to run, and to start at boot"}},
		{"a certificate for other names", certificate, "certificate " + issued(t, now.Add(time.Hour), "webapp.red.example.com"), []string{"create certificate of red.example.com: it is not for nginz-https.red.example.com"}},
		{"a certificate that ends", certificate, "certificate " + issued(t, now.Add(6*24*time.Hour), stage.front.Hosts...), []string{"create certificate of red.example.com: it ends 2026-12-05 and was not renewed"}},
		{"a certificate that is not served", "served\n", "", []string{"create certificate of red.example.com: haproxy does not have the one that certbot has"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			state, err := parseProxyState(strings.Replace(done, tc.from, tc.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			changes, err := stage.changes(state, now)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, c.String())
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("planned:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestProxyUnfit(t *testing.T) {
	stage, done := redProxy(t)
	for _, tc := range []struct{ name, from, to, says string }{
		{"another system", "system debian Debian GNU/Linux 12 (bookworm)", "system fedora Fedora Linux 42", "198.51.100.20: it is Fedora Linux 42"},
		{"another web server", "listens 80 haproxy", "listens 80 nginx", "port 80 is taken by nginx"},
		{"two other web servers", "listens 80 haproxy\nlistens 443 haproxy", "listens 80 nginx\nlistens 443 apache2", "port 443 is taken by apache2"},
		{"somebody else's proxy", "listens 80", "foreign\nlistens 80", "/etc/haproxy/haproxy.cfg is somebody else's"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			state, err := parseProxyState(strings.Replace(done, tc.from, tc.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stage.changes(state, now); !errors.Is(err, ProxyUnfit.Failf("")) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
		})
	}
	for _, text := range []string{"hello\n", "certificate !\n", "certificate aGVsbG8=\n"} {
		if _, err := parseProxyState(text); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}

// A domain's own certificate is the proxy's too: certbot has nothing to do there.
func TestProxyOwnCertificate(t *testing.T) {
	stage, done := redProxy(t)
	stage.renewal = nil
	stage.configuration = append(stage.configuration, ingress.FrontFile{Path: ingress.FrontPEM, Content: []byte("pem"), Mode: 0o600})
	told, _, _ := strings.Cut(done, "certificate ")
	told = strings.Replace(told, "unit certbot.timer enabled active", "missing certbot", 1)
	state, err := parseProxyState(told)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := stage.changes(state, now)
	if err != nil || len(changes) != 1 || changes[0].Reason != "there is no /etc/haproxy/wiabctl.pem" {
		t.Errorf("planned %v, %v", changes, err)
	}
}

// The script tells of a real machine, this one, what is understood.
func TestProxyLook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("content"), 0o640); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), "sh", "-c", proxyScript, "sh", "look", "red.example.com", file, file+".none").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	state, err := parseProxyState(string(said))
	if err != nil {
		t.Fatal(err)
	}
	if want := fact(ingress.FrontFile{Content: []byte("content"), Mode: 0o640}); len(state.files) != 1 || state.files[file] != want {
		t.Errorf("files %v, want %q", state.files, want)
	}
	if state.system == "" || state.systemName == "" || len(state.units) != 2 || state.certificate != nil {
		t.Errorf("told: %s", said)
	}
}

// What haproxy refuses takes nobody's place: tried on a real haproxy, in a mount namespace.
func TestProxyConfigurationRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: mounts over haproxy's directories")
	}
	stage, _ := redProxy(t)
	for i, f := range stage.configuration {
		if f.Path == ingress.FrontConfig {
			stage.configuration[i].Content = append(f.Content, "\tnosuch keyword\n"...)
		}
	}
	packed, err := stage.pack()
	if err != nil {
		t.Fatal(err)
	}
	const around = `for dir in /etc/haproxy /var/lib/haproxy; do mount -t tmpfs tmpfs $dir; done
echo before >/etc/haproxy/haproxy.cfg; echo stamp >/etc/haproxy/wiabctl.loaded
sh -c "$0" sh configuration new 2>&1; echo "status $?"; cd /etc/haproxy; cat haproxy.cfg wiabctl.loaded; stat -c '%a %n' *`
	try := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c", around, proxyScript)
	try.Stdin = packed
	said, err := try.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	// The placeholder of the certificate stays: haproxy needs one, and nobody uses it yet.
	const left = "haproxy refuses the new configuration, nothing was changed\nstatus 1\nbefore\nstamp\n644 haproxy.cfg\n644 wiabctl.loaded\n600 wiabctl.pem\n"
	if !strings.Contains(string(said), "unknown keyword 'nosuch'") || !strings.HasSuffix(string(said), left) {
		t.Errorf("said:\n%s\nwant at the end:\n%s", said, left)
	}
}

// A host key is known before the first connection, or there is none.
func TestProxyHostKey(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	const address = "198.51.100.20:2222"
	home := t.TempDir()
	known := filepath.Join(home, "known_hosts")
	if err := os.WriteFile(known, []byte(knownhosts.Line([]string{address}, signer.PublicKey())+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, hostKey, address, known string
		refused                       bool
	}{
		{"configured", string(ssh.MarshalAuthorizedKey(signer.PublicKey())), "192.0.2.1:22", "", false},
		{"known", "", address, known, false},
		{"another machine is known", "", "198.51.100.21:2222", known, true},
		{"another port is known", "", "198.51.100.20:22", known, true},
		{"nothing is known", "", address, filepath.Join(home, "none"), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host, _, _ := strings.Cut(tc.address, ":")
			m := proxyMachine{ingress.ProxySSH{Host: host, HostKey: tc.hostKey}}
			key, err := m.hostKey(tc.address, tc.known)
			switch {
			case tc.refused:
				if !errors.Is(err, ProxyUnfit.Failf("")) || !strings.Contains(err.Error(), tc.address) {
					t.Errorf("%v, want a refusal that names %s", err, tc.address)
				}
			case err != nil || ssh.FingerprintSHA256(key) != ssh.FingerprintSHA256(signer.PublicKey()):
				t.Errorf("%v, %v", key, err)
			}
		})
	}
}
