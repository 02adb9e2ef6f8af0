package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wiabctl/e2e/lab"
)

// kubenodes are the machines that serve HTTP and HTTPS, with their addresses.
var kubenodes = map[string]string{"kubenode1": "192.168.122.21", "kubenode2": "192.168.122.22", "kubenode3": "192.168.122.23"}

// bridgeNF sets whether the firewall sees what goes between ports of a bridge.
func bridgeNF(t testing.TB, value string) {
	t.Helper()
	onHost(t, "sysctl -q net.bridge.bridge-nf-call-iptables="+value)
}

// hits are how many connections each kubenode has got of the web so far.
func hits(t testing.TB) map[string]int {
	t.Helper()
	all := map[string]int{}
	for line := range strings.Lines(onHost(t, "nft list table ip wiabctl")) {
		_, counter, counts := strings.Cut(line, "counter packets ")
		_, name, leads := strings.Cut(line, " to kubenode")
		if !counts || !leads || !strings.Contains(line, "dnat to") {
			continue
		}
		var packets int
		if _, err := fmt.Sscan(counter, &packets); err != nil {
			t.Fatal(err)
		}
		all["kubenode"+name[:1]] += packets
	}
	return all
}

// hairpins connects from a kubenode to the public address so often, and returns
// how many connections were answered and to which kubenodes they went.
func hairpins(t testing.TB, from string, times int) (answered int, went map[string]int) {
	t.Helper()
	before := hits(t)
	script := fmt.Sprintf(`for i in $(seq %d); do
(printf 'HEAD / HTTP/1.0\r\n\r\n' | nc -w 1 %s 80 2>/dev/null | grep ^HTTP/) & done; wait`, times, lab.WAN)
	said := onHost(t, "ssh -i /var/lib/wiabctl/keys/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR demo@"+
		kubenodes[from]+" <<'X'\n"+script+"\nX")
	answered = strings.Count(said, "HTTP/")
	went = map[string]int{}
	for name, n := range hits(t) {
		went[name] = n - before[name]
	}
	return answered, went
}

// total is the sum of all.
func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// TestHairpin connects from every kubenode to every kubenode through the public
// address, with the rule and without, and with bridges that the firewall sees.
func TestHairpin(t *testing.T) {
	standing(t)
	defer standing(t)
	for _, tc := range []struct {
		name, bridgeNF, rule string
		itself, others       bool // who answers
	}{
		{"as wiabctl has it", "0", "on", true, true},
		{"without the rule", "0", "off", false, false},
		// The bridge undoes the translation for another port, but gives nothing back to
		// the port that it came from.
		{"bridges pass through the firewall", "1", "on", false, true},
		{"bridges pass through the firewall, without the rule", "1", "off", false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mustWiabctl(t, "network", "hairpin", tc.rule)
			bridgeNF(t, tc.bridgeNF)
			for from := range kubenodes {
				met := map[string]bool{}
				failed := 0
				for round := 0; len(met) < len(kubenodes); round++ {
					if round == 8 {
						t.Fatalf("%s: after 8 rounds connections went only to %v", from, met)
					}
					answered, went := hairpins(t, from, 6)
					answering := 0
					for to, n := range went {
						if n > 0 {
							met[to] = true
						}
						if to == from && tc.itself || to != from && tc.others {
							answering += n
						}
					}
					failed += 6 - answered
					// A packet that the bridge drops leaves no trace: sent again, it is a connection once more.
					if silent := total(went) - answering; answered > answering || 6-answered > silent {
						t.Errorf("from %s: %d answers of 6 connections, which went to %v", from, answered, went)
					}
				}
				if (tc.itself && tc.others) != (failed == 0) {
					t.Errorf("from %s: %d connections failed", from, failed)
				}
			}
		})
	}
	if a := wiabctl(t, "network", "check"); a.code != 0 || !strings.Contains(a.stdout, "skipped") {
		t.Error("network check with the hairpin off: want success, and probes that say that they were left out")
	}
	if a := mustWiabctl(t, "network", "hairpin", "status"); a.stdout != "never: not in force\n" {
		t.Errorf("status of the hairpin: %q", a.stdout)
	}
	standing(t)
	if got := strings.TrimSpace(onHost(t, "sysctl -n net.bridge.bridge-nf-call-iptables")); got != "0" {
		t.Errorf("up left bridge-nf-call-iptables at %s", got)
	}
}

// TestHairpinAuto has the hairpin open only while a certificate waits.
func TestHairpinAuto(t *testing.T) {
	long(t)
	installed(t)
	defer installed(t)
	closed := func() {
		t.Helper()
		if a := mustWiabctl(t, "network", "hairpin", "status"); a.stdout != "auto: not in force\n" {
			t.Errorf("status of the hairpin: %q", a.stdout)
		}
		if strings.Contains(readHost(t, "/etc/wiabctl/rules.nft"), `comment "hairpin"`) {
			t.Error("the next boot would open it")
		}
	}
	auto := freshConfig + "network: {hairpin: auto}\n"
	writeHost(t, configFile, auto)
	mustWiabctl(t, "up")
	closed()
	writeHost(t, configFile, auto+"domains: [{domain: "+red+"}]\n")
	a := mustWiabctl(t, "up")
	opened, done := strings.Index(a.stdout, "nftables table ip wiabctl: done"), strings.Index(a.stdout, "hairpin rule: done")
	if opened < 0 || done < opened {
		t.Error("up with a new certificate did not open the hairpin and close it afterwards")
	}
	closed()
	answers(t, green, red)
}

// TestNetworkCommands shows the ways and checks them, also when one is broken.
func TestNetworkCommands(t *testing.T) {
	standing(t)
	shown := mustWiabctl(t, "network", "show")
	for _, part := range []string{
		"kubenode1 192.168.122.21:31773 (1 of 3, ", "3478/udp", "32768-65535/udp", "hairpin", "always: ", "way out by host0: https: ", "as configured\n",
	} {
		if !strings.Contains(shown.stdout, part) {
			t.Errorf("show does not say %q", part)
		}
	}
	var view struct {
		Ways []struct {
			Port string
			To   []struct {
				Name   string
				Loaded bool
			}
		}
		Changes []string
	}
	if err := json.Unmarshal([]byte(mustWiabctl(t, "network", "show", "--output", "json").stdout), &view); err != nil || len(view.Ways) != 5 || len(view.Ways[1].To) != 3 {
		t.Errorf("as JSON: %+v, %v", view, err)
	}
	mustWiabctl(t, "network", "check")

	// SSH from outside is played by the host itself, under another name.
	defer onHost(t, "rm -rf /root/.ssh")
	onHost(t, `rm -rf /root/.ssh && mkdir -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 && cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys && echo "outside $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/root/.ssh/known_hosts && printf 'Host outside\nHostName 127.0.0.1\nHostKeyAlias outside\n' >/root/.ssh/config`)
	if a := mustWiabctl(t, "network", "check", "--from", "outside"); strings.Count(a.stdout, "outside") != 2 {
		t.Error("check does not tell of the ways from outside")
	}

	// Somebody else's table drops what comes back to kubenode2.
	defer func() {
		onHost(t, "nft delete table ip breaker")
		eventually(t, 10*time.Second, func(ctx context.Context) error { // until the watcher trusts it again
			_, err := shell(ctx, "nft list chain ip wiabctl spread | grep kubenode2")
			return err
		})
	}()
	onHost(t, `nft 'table ip breaker { chain c { type filter hook output priority 0; ip daddr 192.168.122.22 tcp dport 31773 drop; }; }'`)
	if a := wiabctl(t, "network", "check"); a.code != 49 || !strings.Contains(a.stderr, "[network-broken]") || !strings.Contains(a.stdout, "(kubenode2)  broken") {
		t.Errorf("check with a way that is broken: exit %d, want 49 and the way", a.code)
	}
}

// TestApplyUnderLoad rewrites the rules a hundred times, while a client opens 200
// connections a second and holds 200 that go on exchanging bytes.
func TestApplyUnderLoad(t *testing.T) {
	standing(t)
	defer standing(t)
	const held, rate, rewrites = 200, 200, 100
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var lasting sync.WaitGroup
	var exchanged atomic.Int64
	var wrong problems
	for range held {
		conn, err := theLab.Dial(ctx, "tcp", lab.WAN+":80")
		if err != nil {
			t.Fatalf("opening the connections to hold: %v", err)
		}
		defer conn.Close()
		lasting.Go(func() {
			answers := bufio.NewReader(conn)
			for ctx.Err() == nil {
				if err := exchange(conn, answers); err != nil {
					wrong.add(fmt.Errorf("a connection that was held: %w", err))
					return
				}
				exchanged.Add(1)
				wait(ctx, 2*time.Second)
			}
		})
	}
	var opened atomic.Int64
	began := time.Now()
	lasting.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			lasting.Go(func() {
				conn, err := theLab.Dial(context.WithoutCancel(ctx), "tcp", lab.WAN+":443")
				if err != nil {
					wrong.add(fmt.Errorf("a new connection: %w", err))
					return
				}
				conn.Close()
				opened.Add(1)
			})
			wait(ctx, time.Until(began.Add(time.Duration(n)*time.Second/rate))) // what is late is caught up with
		}
	})
	said := onHost(t, fmt.Sprintf("for i in $(seq %d); do wiabctl network hairpin off && wiabctl network hairpin on || exit; done", rewrites/2))
	took := time.Since(began)
	stop()
	lasting.Wait()
	t.Logf("%d rewrites in %s; %d new connections (%.0f a second), %d exchanges on %d held ones",
		rewrites, took.Round(time.Millisecond), opened.Load(), float64(opened.Load())/took.Seconds(), exchanged.Load(), held)
	if n := strings.Count(said, "nftables table ip wiabctl: done"); n != rewrites {
		t.Errorf("the rules were rewritten %d times, not %d", n, rewrites)
	}
	if exchanged.Load() < 2*held || float64(opened.Load()) < 0.8*rate*took.Seconds() {
		t.Error("that was not the load that it should be")
	}
	if all := wrong.all(); len(all) > 0 {
		t.Errorf("%d connections failed or were reset, first: %v", len(all), all[0])
	}
}

// exchange sends a request over a connection that stays open, and reads the answer.
func exchange(conn net.Conn, answers *bufio.Reader) error {
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: webapp.%s\r\n\r\n", green); err != nil {
		return err
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

// wait returns after a while, or when ctx ends.
func wait(ctx context.Context, while time.Duration) {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// problems are errors of several goroutines.
type problems struct {
	mu   sync.Mutex
	list []error
}

func (p *problems) add(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, err)
}

func (p *problems) all() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}
