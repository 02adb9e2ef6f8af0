package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab/names"
)

const (
	vpsAddress = "203.0.113.20"
	// idleLong is longer than a request may be silent at the proxy, a minute; soaking, it is what people
	// see of an app that nobody writes to.
	idleLong, idleSoaking = 65 * time.Second, 5 * time.Minute
)

// vps is a fresh machine as a provider hands it over: with sshd, and a key of ours for root and
// for a user with sudo. It trusts whom the lab's internet trusts.
func vps(t *testing.T) bare {
	t.Helper()
	b := bareMachine(t, "vps", vpsAddress)
	onHost(t, "rm -rf /root/proxy && mkdir -m 700 /root/proxy && ssh-keygen -q -t ed25519 -N '' -f /root/proxy/key")
	t.Cleanup(func() { onHost(t, "rm -rf /root/proxy") })
	b.write(t, "/usr/local/share/ca-certificates/lab.crt", readHost(t, "/usr/local/share/ca-certificates/lab.crt"))
	b.shell(t, `set -e; export DEBIAN_FRONTEND=noninteractive
apt-get -q update; apt-get -q install --yes --no-install-recommends openssh-server sudo ca-certificates
useradd --create-home --shell /bin/bash ops; echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
for home in /root /home/ops; do install -d -m 700 $home/.ssh; done; chown ops:ops /home/ops/.ssh`)
	key := readHost(t, "/root/proxy/key.pub")
	for _, home := range []string{"/root", "/home/ops"} {
		b.write(t, home+"/.ssh/authorized_keys", key)
	}
	b.shell(t, "chown ops:ops /home/ops/.ssh/authorized_keys")
	return b
}

// proxiedConfig has red behind the machine, reached as the login says.
func proxiedConfig(login string) string {
	return freshConfig + fmt.Sprintf("domains:\n  - domain: %s\n    proxy:\n      address: %s\n      ssh: {key: /root/proxy/key%s}\n", red, vpsAddress, login)
}

// exits runs wiabctl on the host and demands this exit code and what it says.
func exits(t *testing.T, code int, says string, args ...string) answer {
	t.Helper()
	a := wiabctl(t, args...)
	if a.code != code || !strings.Contains(a.stdout+a.stderr, says) {
		t.Fatalf("wiabctl %s: exit code %d, want %d and %q", strings.Join(args, " "), a.code, code, says)
	}
	return a
}

// TestProxy puts a machine in front of red: a real haproxy, with a certificate by the lab's ACME
// server, deployed over SSH.
func TestProxy(t *testing.T) {
	long(t)
	installed(t, red)
	b := vps(t)

	hostKey := strings.Join(strings.Fields(b.shell(t, "cat /etc/ssh/ssh_host_ed25519_key.pub"))[:2], " ")
	writeHost(t, configFile, proxiedConfig(""))
	exits(t, 123, "which host key 203.0.113.20:22 has is not known", "proxy", "deploy", red, "--yes")
	writeHost(t, configFile, proxiedConfig(", host_key: "+strings.Join(strings.Fields(readHost(t, "/root/proxy/key.pub"))[:2], " ")))
	exits(t, 61, "shows the host key SHA256:", "proxy", "deploy", red, "--yes")

	login := ", host_key: " + hostKey
	writeHost(t, configFile, proxiedConfig(login))
	exits(t, 16, "create packages haproxy, certbot", "proxy", "deploy", red, "--yes=false") // nobody answers
	// The names do not lead there yet, so no certificate comes; the rest is done.
	exits(t, 123, "certificate of "+red, "proxy", "deploy", red, "--yes")
	exits(t, 124, "problem: ", "proxy", "check", red)
	moveNames(t)
	a := exits(t, 0, "\n1 change\n", "proxy", "deploy", red, "--yes")
	if !strings.Contains(a.stdout, "create certificate of "+red) {
		t.Error("the certificate is not what was left to do")
	}
	exits(t, 0, "0 changes\n", "proxy", "deploy", red, "--yes")

	before := b.shell(t, proxyFiles)
	mustWiabctl(t, "up")
	answers(t, green, red)
	b.fronts(t)
	ws := openWebSocket(t)
	b.renews(t, ws)
	originRenews(t)
	b.resists(t, before)

	// The same from a user with sudo, on what calls itself Ubuntu.
	b.shell(t, `printf 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nVERSION_ID="22.04"\n' >/etc/os-release`)
	writeHost(t, configFile, proxiedConfig(", user: ops"+login))
	exits(t, 0, "0 changes\n", "proxy", "deploy", red, "--yes")
	b.shell(t, "rm /etc/haproxy/wiabctl-challenge.lua; systemctl disable haproxy")
	exits(t, 0, "\n2 changes\n", "proxy", "deploy", red, "--yes")

	onlyProxies(t, login)
	ws.lives(t)

	b.shell(t, "systemctl stop haproxy; systemd-run --quiet --unit=other python3 -m http.server 80; "+listens("t", 80))
	exits(t, 123, "port 80 is taken by python3", "proxy", "deploy", red, "--yes")
	b.shell(t, "systemctl stop other")
	exits(t, 0, `"verb":"start","subject":"haproxy.service"`, "proxy", "deploy", red, "--yes", "--output", "json")
	answers(t, red)
}

// proxyFiles are what the proxy's machine has of us.
const proxyFiles = "cd /etc/haproxy; cat haproxy.cfg wiabctl-* /etc/letsencrypt/renewal-hooks/deploy/*; stat -c '%a %U %n' $(ls -I wiabctl.loaded)"

// moveNames lets red's names lead to the proxy.
func moveNames(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if err := theLab.Names(names.Differences{}); err != nil {
			t.Error(err)
		}
	})
	if err := theLab.Names(names.Differences{Records: []string{"*." + red + ". 5 IN A " + vpsAddress}}); err != nil {
		t.Fatal(err)
	}
}

// fronts asks the proxy as clients do.
func (b bare) fronts(t *testing.T) {
	t.Helper()
	exits(t, 0, `{"check":"a forwarded host counts nothing"}`, "proxy", "check", red, "--output", "json")
	if got := kube(t, `kubebox kubectl get configmap --all-namespaces --output json | jq -r '.items[] | select(.data["use-forwarded-headers"] == "true").data["proxy-real-ip-cidr"]'`); got != vpsAddress+"/32\n" {
		t.Errorf("the ingress believes %q", got)
	}
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"its own host", "200", []string{"https://nginz-https." + red + "/deeplink.json"}},
		{"blue's", "403", []string{"-H", "Host: nginz-https." + blue, "https://nginz-https." + red + "/deeplink.json"}},
		{"green's", "403", []string{"-H", "Host: nginz-https." + green, "https://nginz-https." + red + "/deeplink.json"}},
		{"with a port", "200", []string{"-H", "Host: nginz-https." + red + ":443", "https://nginz-https." + red + "/deeplink.json"}},
		{"in capital letters", "200", []string{"-H", "Host: NGINZ-HTTPS." + red, "https://nginz-https." + red + "/deeplink.json"}},
		{"over HTTP", "308", []string{"http://webapp." + red + "/"}},
	} {
		curl := theLab.Curl(t.Context(), append([]string{"-sS", "-o", "/dev/null", "-w", "%{http_code}"}, tc.args...)...)
		if out, err := curl.Output(); err != nil || string(out) != tc.want {
			t.Errorf("%s: %s (%v), want %s", tc.name, out, err, tc.want)
		}
	}
	if mode := b.shell(t, "stat -c '%a %U' /etc/haproxy/wiabctl.pem"); mode != "600 root\n" {
		t.Errorf("the key on the machine: %s", mode)
	}
	if log := b.shell(t, "journalctl --unit=haproxy --output=cat --no-pager"); !strings.Contains(log, "/deeplink.json") || strings.Contains(log, "access_token") {
		t.Errorf("logged: %.3000s", log)
	}
}

// renews renews the proxy's certificate, as certbot's timer does every other month: clients get
// the new one, and no connection is cut.
func (b bare) renews(t *testing.T, ws *webSocket) {
	t.Helper()
	before := serial(t, vpsAddress)
	b.shell(t, "certbot renew --force-renewal --no-random-sleep-on-renew")
	eventually(t, 20*time.Second, func(context.Context) error {
		if serial(t, vpsAddress).Cmp(before) == 0 {
			return errors.New("clients get the old certificate")
		}
		return nil
	})
	ws.echoes(t)
	exits(t, 0, "0 changes\n", "proxy", "deploy", red, "--yes")
}

// originRenews has cert-manager renew the origin's certificate, as it does by itself after two months:
// the challenge comes to it through the proxy.
func originRenews(t *testing.T) {
	t.Helper()
	before := serial(t, "203.0.113.10")
	kube(t, `kubebox kubectl patch certificate red-example-com-csr --subresource=status --type=merge --patch \
  '{"status": {"conditions": [{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "renewed by hand", "lastTransitionTime": "'$(date -u +%FT%TZ)'"}]}}'`)
	eventually(t, 2*time.Minute, func(context.Context) error {
		if serial(t, "203.0.113.10").Cmp(before) == 0 {
			return errors.New("the origin shows the old certificate")
		}
		return nil
	})
	answers(t, red)
}

// serial is the number of the certificate that red's webapp shows at an address.
func serial(t *testing.T, address string) *big.Int {
	t.Helper()
	conn := handshake(t, address, "webapp."+red)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber
}

// handshake connects from the lab's internet.
func handshake(t *testing.T, address, host string) *tls.Conn {
	t.Helper()
	raw, err := theLab.Dial(t.Context(), "tcp", net.JoinHostPort(address, "443"))
	if err != nil {
		t.Fatal(err)
	}
	roots := internetClient(t).Transport.(*http.Transport).TLSClientConfig.RootCAs
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: roots})
	if err := conn.HandshakeContext(t.Context()); err != nil {
		raw.Close()
		t.Fatal(err)
	}
	return conn
}

// resists breaks the machine in the middle of a deployment: what serves goes on, with what it had.
func (b bare) resists(t *testing.T, files string) {
	t.Helper()
	mine := "echo '# mine' >>/etc/haproxy/haproxy.cfg"
	b.shell(t, mine)
	changed := b.shell(t, proxyFiles)
	for _, tc := range []struct{ name, says, breaks, mends string }{
		{"haproxy refuses the configuration", "nothing was changed", "mv /etc/ssl/certs/ca-certificates.crt /root/", "mv /root/ca-certificates.crt /etc/ssl/certs/"},
		{"the reload fails", "the one before is back", "mkdir /etc/systemd/system/haproxy.service.d; printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >/etc/systemd/system/haproxy.service.d/lab.conf; systemctl daemon-reload",
			"rm -r /etc/systemd/system/haproxy.service.d; systemctl daemon-reload"},
	} {
		b.shell(t, tc.breaks)
		exits(t, 123, tc.says, "proxy", "deploy", red, "--yes")
		same(t, tc.name+": the configuration before did not come back", changed, b.shell(t, proxyFiles))
		answers(t, red)
		b.shell(t, tc.mends)
	}
	exits(t, 0, "\n1 change\n", "proxy", "deploy", red, "--yes")
	same(t, "the configuration is not what it was", files, b.shell(t, proxyFiles))

	b.shell(t, "sed -i /Made.by.wiabctl/d /etc/haproxy/haproxy.cfg")
	exits(t, 123, "somebody else's", "proxy", "deploy", red, "--yes")
	b.shell(t, "echo '# Made by wiabctl' >>/etc/haproxy/haproxy.cfg")
	exits(t, 0, "\n1 change\n", "proxy", "deploy", red, "--yes")
}

// onlyProxies closes the origin's HTTPS to all but the proxies.
func onlyProxies(t *testing.T, login string) {
	t.Helper()
	config := strings.Replace(proxiedConfig(login), "\ndomains:\n", "\nproxy: {address: 203.0.113.21}\nnetwork: {https: proxies}\ndomains:\n", 1)
	writeHost(t, configFile, strings.ReplaceAll(config, "proxy: {address: 203.0.113.21}\n", ""))
	exits(t, 10, "these have none: "+green, "plan")
	writeHost(t, configFile, config)
	mustWiabctl(t, "up")
	answers(t, red)
	client := internetClient(t)
	if _, _, err := fetch(t.Context(), client, "https://nginz-https."+green+"/status"); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("a client at the origin: %v, want to be refused", err)
	}
	if _, _, err := fetch(t.Context(), client, "http://203.0.113.10/"); err != nil {
		t.Errorf("port 80 of the origin: %v", err)
	}
	writeHost(t, configFile, proxiedConfig(login))
	mustWiabctl(t, "up")
	answers(t, green, red)
}

// webSocket is one of red's, through the proxy.
type webSocket struct {
	conn   *tls.Conn
	reader *bufio.Reader
	used   time.Time
}

// openWebSocket opens one as an app does.
func openWebSocket(t *testing.T) *webSocket {
	t.Helper()
	host := "nginz-ssl." + red
	ws := &webSocket{conn: handshake(t, vpsAddress, host)}
	t.Cleanup(func() { ws.conn.Close() })
	ws.reader = bufio.NewReader(ws.conn)
	fmt.Fprintf(ws.conn, "GET /await?access_token=secret HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", host)
	resp, err := http.ReadResponse(ws.reader, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("WebSocket: %v, %v", resp, err)
	}
	ws.echoes(t)
	return ws
}

// echoes demands that what is sent comes back.
func (ws *webSocket) echoes(t *testing.T) {
	t.Helper()
	if err := ws.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := ws.conn.Write([]byte("?")); err != nil {
		t.Fatal("WebSocket: ", err)
	}
	if got, err := ws.reader.ReadByte(); got != '?' {
		t.Fatalf("WebSocket: %q, %v", got, err)
	}
	ws.used = time.Now()
}

// lives lets it idle for long, then demands that it is open still.
func (ws *webSocket) lives(t *testing.T) {
	t.Helper()
	idle := idleLong
	if soaking() {
		idle = idleSoaking
	}
	if err := ws.conn.SetReadDeadline(ws.used.Add(idle)); err != nil {
		t.Fatal(err)
	}
	if _, err := ws.reader.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a WebSocket that idled for %s: %v", time.Since(ws.used).Round(time.Second), err)
	}
	t.Logf("the WebSocket idled for %s", time.Since(ws.used).Round(time.Second))
	ws.echoes(t)
}
