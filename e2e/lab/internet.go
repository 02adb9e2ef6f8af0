package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/miekg/dns"

	"wiabctl/e2e/lab/names"
)

// The addresses of the lab's internet (RFC 5737).
const (
	Gateway  = "203.0.113.1"  // the KVM host's gateway, DNS server and web server
	Lame     = "203.0.113.2"  // a name server that is in charge of nothing
	Nobody   = "203.0.113.3"  // where nobody is
	Dynamics = "203.0.113.4"  // a name server whose zone can be changed, while a scenario has one
	WAN      = "203.0.113.10" // the KVM host's public address
	Guest    = "198.51.100.7" // where the client calls from
)

// name is what the lab's namespace and control group are called: short, and
// another one for each directory.
func (l *Lab) name() string {
	sum := sha256.Sum256([]byte(l.dir))
	return "wl-" + hex.EncodeToString(sum[:4])
}

func (l *Lab) namespace() string     { return l.name() + "-inet" }
func (l *Lab) namespaceFile() string { return "/run/netns/" + l.namespace() }

// Internet prepares a command that runs in the internet namespace with this
// machine's own files, but the lab's name server: what a client there would do.
func (l *Lab) Internet(ctx context.Context, name string, args ...string) *exec.Cmd {
	// The mounts hide the machine's own ways to resolve names, and end with the command.
	const script = `for f in resolv.conf hosts nsswitch.conf; do mount --bind "$0/$f" "/etc/$f"; done; exec "$@"`
	way := []string{"--net=" + l.namespaceFile(), "unshare", "--mount", "--propagation", "private",
		"sh", "-ec", script, l.path("etc"), name}
	return exec.CommandContext(ctx, "nsenter", append(way, args...)...)
}

// Curl prepares a call of curl as the client: with the client's address and
// trust in the lab's authorities alone.
func (l *Lab) Curl(ctx context.Context, args ...string) *exec.Cmd {
	fixed := []string{"--interface", Guest, "--cacert", l.trust(), "--capath", "/dev/null"}
	return l.Internet(ctx, "curl", append(fixed, args...)...)
}

// writeResolver writes what Internet shows in place of the machine's files.
func (l *Lab) writeResolver() error {
	return errors.Join(
		writeFile(l.path("etc", "resolv.conf"), []byte("nameserver "+Gateway+"\n")),
		writeFile(l.path("etc", "hosts"), []byte("127.0.0.1 localhost\n")),
		writeFile(l.path("etc", "nsswitch.conf"), []byte("hosts: files dns\n")),
	)
}

// startInternet makes the namespace and starts its servers, where they are missing.
func (l *Lab) startInternet(ctx context.Context, program string) error {
	if err := l.writeResolver(); err != nil {
		return err
	}
	if _, err := os.Stat(l.namespaceFile()); err != nil {
		if err := l.makeNamespace(ctx); err != nil {
			return err
		}
	}
	if l.internet().running() == 0 {
		// Not bound to ctx: it is to outlive this program.
		cmd := l.Internet(context.WithoutCancel(ctx), program, "--www", l.path("www"), "--address", Gateway, "--lame", Lame, "--names", l.path("names.json"))
		if err := l.internet().start(cmd, l.path("internet.log")); err != nil {
			return err
		}
	}
	return await(ctx, "the lab's name server", 10*time.Second, func(ctx context.Context) error {
		if l.internet().running() == 0 {
			return fmt.Errorf("%w, see %s", errEnded, l.path("internet.log"))
		}
		_, err := l.resolve(ctx, "artifacts.example.net")
		return err
	})
}

func (l *Lab) internet() process { return process{l.path("internet.pid")} }

// Names has the name server say something else than its own zone, from the next question on.
func (l *Lab) Names(different names.Differences) error { return different.Write(l.path("names.json")) }

// makeNamespace builds the internet: a bridge with four addresses, no way out.
func (l *Lab) makeNamespace(ctx context.Context) error {
	ns := l.namespace()
	for _, args := range [][]string{
		{"netns", "add", ns},
		{"-n", ns, "link", "set", "lo", "up"},
		{"-n", ns, "link", "add", "inet0", "type", "bridge"},
		{"-n", ns, "addr", "add", Gateway + "/24", "dev", "inet0"},
		{"-n", ns, "addr", "add", Lame + "/24", "dev", "inet0"},
		{"-n", ns, "addr", "add", Dynamics + "/24", "dev", "inet0"},
		{"-n", ns, "addr", "add", Guest + "/32", "dev", "inet0"},
		{"-n", ns, "link", "set", "inet0", "up"},
	} {
		if err := run(exec.CommandContext(ctx, "ip", args...)); err != nil {
			return err
		}
	}
	return nil
}

// removeNamespace also ends what nobody remembers in it.
func (l *Lab) removeNamespace(ctx context.Context) error {
	if _, err := os.Stat(l.namespaceFile()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return run(exec.CommandContext(ctx, "ip", "netns", "delete", l.namespace()))
}

// resolve asks the lab's name server, never the machine's.
func (l *Lab) resolve(ctx context.Context, host string) (string, error) {
	if net.ParseIP(host) != nil {
		return host, nil
	}
	conn, err := l.dialAddress(ctx, "udp", "", net.JoinHostPort(Gateway, "53"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	client := &dns.Client{Timeout: 2 * time.Second}
	query := new(dns.Msg).SetQuestion(dns.Fqdn(host), dns.TypeA)
	reply, _, err := client.ExchangeWithConnContext(ctx, query, &dns.Conn{Conn: conn})
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", host, err)
	}
	for _, rr := range reply.Answer {
		if a, ok := rr.(*dns.A); ok {
			return a.A.String(), nil
		}
	}
	return "", fmt.Errorf("resolve %s: %s", host, strings.ToLower(dns.RcodeToString[reply.Rcode]))
}

// run runs a short command; its output becomes part of the error.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
