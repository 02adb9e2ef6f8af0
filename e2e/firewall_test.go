package e2e

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/e2e/lab"
)

// closed is the part of a configuration that closes the host.
const closed = "network:\n  firewall:\n    allow: [9100/tcp]\n    prove: 10s\n"

// TestFirewallRollback closes the host: what locks the operator out is taken back,
// also when wiabctl is killed meanwhile; what a login proves is kept.
func TestFirewallRollback(t *testing.T) {
	standing(t)
	config := readHost(t, configFile)
	logs := regexp.MustCompile(`(?m)^/var/lib/wiabctl/log/.*\n`)
	objects := func() string { return logs.ReplaceAllString(onHost(t, hostObjects), "") }
	before := objects()
	defer func() {
		writeHost(t, configFile, config)
		mustWiabctl(t, "up")
		onHost(t, "systemctl stop monitor service forwarder")
		same(t, "the firewall left something behind", before, objects())
	}()
	// A way in that nobody can know for one of SSH: an operator behind it would be locked out.
	onHost(t, `systemd-run --quiet --unit=monitor systemd-socket-activate --accept --listen=9100 /bin/true
systemd-run --quiet --unit=service systemd-socket-activate --accept --listen=9999 /bin/true
systemd-run --quiet --unit=forwarder systemd-socket-activate --listen=2200 /lib/systemd/systemd-socket-proxyd 127.0.0.1:22`)
	key := operator(t)
	open := func(want bool, ports ...int) {
		t.Helper()
		for _, port := range ports {
			eventually(t, 5*time.Second, func(ctx context.Context) error {
				if err := knock(ctx, port); (err == nil) != want {
					return fmt.Errorf("port %d open: want %t, got %w", port, want, err)
				}
				return nil
			})
		}
	}
	open(true, 22, 2200, 9100, 9999)
	writeHost(t, configFile, config+closed)

	t.Run("nobody can log in", func(t *testing.T) {
		up := background(t, "up")
		closing(t)
		open(true, 9100)
		open(false, 2200, 9999)
		if a := up(); a.code != 93 || !strings.Contains(a.stderr, "firewall-unproven") {
			t.Errorf("exit code %d, want 93", a.code)
		}
		open(true, 22, 2200, 9100, 9999)
		if err := login(t.Context(), 2200, key); err != nil {
			t.Errorf("the operator does not come in any more: %v", err)
		}
	})
	t.Run("wiabctl is killed meanwhile", func(t *testing.T) {
		up := background(t, "up")
		closing(t)
		onHost(t, "pkill -KILL -x wiabctl")
		up()
		open(false, 2200)
		eventually(t, 30*time.Second, func(ctx context.Context) error { return knock(ctx, 2200) })
	})
	t.Run("somebody logs in", func(t *testing.T) {
		up := background(t, "up")
		closing(t)
		for range 2 { // the first may come before wiabctl has seen who was there when it closed the host
			if err := login(t.Context(), 22, key); err != nil {
				t.Fatal(err)
			}
		}
		if a := up(); a.code != 0 {
			t.Fatalf("exit code %d, want success", a.code)
		}
		open(true, 22, 9100)
		open(false, 2200, 9999)
		answers(t, green)
		ipv6 := sixth(t) // which needs neighbour discovery
		for port, want := range map[int]bool{9100: true, 9999: false} {
			out, err := theLab.Internet(t.Context(), "timeout", "3", "bash", "-c", fmt.Sprintf("</dev/tcp/%s/%d", ipv6, port)).CombinedOutput()
			if (err == nil) != want {
				t.Errorf("port %d open over IPv6: want %t, got %v: %s", port, want, err, out)
			}
		}
		if a := planned(t); a.stdout != "0 changes to make\n" {
			t.Errorf("plan: %s", a.stdout)
		}
		onHost(t, "nft delete table inet wiabctl_firewall; systemctl restart wiabctl-firewall; nft list table inet wiabctl_firewall")
		onHost(t, "nft delete table inet wiabctl_firewall")
		mustWiabctl(t, "up") // without a login: these rules were proven
		open(false, 9999)
	})
}

// background starts wiabctl; the function it returns waits for its end.
func background(t *testing.T, args ...string) (wait func() answer) {
	t.Helper()
	done := make(chan answer, 1)
	go func() { done <- wiabctl(t, args...) }()
	return func() answer { return <-done }
}

// closing waits until the firewall is in force.
func closing(t *testing.T) {
	t.Helper()
	eventually(t, 20*time.Second, func(ctx context.Context) error {
		_, err := shell(ctx, "nft list table inet wiabctl_firewall")
		return err
	})
}

// knock connects to a port of the host from the internet.
func knock(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := theLab.Dial(ctx, "tcp", fmt.Sprintf("%s:%d", lab.WAN, port))
	if err != nil {
		return err
	}
	return conn.Close()
}

// operator gives somebody on the internet the key to root's account.
func operator(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	onHost(t, "mkdir -p -m 700 /root/.ssh && echo '"+strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))+"' >>/root/.ssh/authorized_keys")
	t.Cleanup(func() { _, _ = shell(context.WithoutCancel(t.Context()), "rm -r /root/.ssh") })
	return key
}

// login logs in to the host over SSH and stays for a second.
func login(ctx context.Context, port int, key ssh.Signer) error {
	address := fmt.Sprintf("%s:%d", lab.WAN, port)
	conn, err := theLab.Dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: hostKey,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
	if err != nil {
		return err
	}
	client := ssh.NewClient(c, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	return session.Run("sleep 1")
}

// hostKey knows the lab host's own.
func hostKey(_ string, _ net.Addr, shown ssh.PublicKey) error {
	known, err := os.ReadFile(theLab.Path("/etc/ssh/ssh_host_ed25519_key.pub"))
	if err != nil {
		return err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(known)
	if err == nil && string(key.Marshal()) != string(shown.Marshal()) {
		err = fmt.Errorf("the host shows another key, %s", shown.Type())
	}
	return err
}

// sixth gives host and internet IPv6 addresses of the documentation's range, and
// returns the host's.
func sixth(t *testing.T) string {
	t.Helper()
	const host, internet = "2001:db8::10", "2001:db8::1"
	atInternet := func(ctx context.Context, verb string, more ...string) error {
		return theLab.Internet(ctx, "ip", append([]string{"address", verb, internet + "/64", "dev", "inet0"}, more...)...).Run()
	}
	onHost(t, "ip address add "+host+"/64 dev host0 nodad")
	if err := atInternet(t.Context(), "add", "nodad"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = atInternet(ctx, "delete")
		_, _ = shell(ctx, "ip address delete "+host+"/64 dev host0")
	})
	return host
}
