package network

import (
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"wiabctl/provision/change"
)

// listenUDP binds a socket until the test ends; with a peer it is connected.
func listenUDP(t *testing.T, address, peer string) {
	t.Helper()
	local, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	var conn *net.UDPConn
	if peer == "" {
		conn, err = net.ListenUDP("udp", local)
	} else {
		var remote *net.UDPAddr
		if remote, err = net.ResolveUDPAddr("udp", peer); err == nil {
			conn, err = net.DialUDP("udp", local, remote)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

func TestCallsClaimed(t *testing.T) {
	run(t, "ip", "address", "add", "203.0.113.11/24", "dev", "wan0")
	t.Cleanup(func() { run(t, "ip", "address", "delete", "203.0.113.11/24", "dev", "wan0") })
	for _, tc := range []struct {
		name           string
		sockets        [][2]string // address and peer
		refused, warns string
	}{
		{"nothing", nil, "", ""},
		{"stun", [][2]string{{"0.0.0.0:3478", ""}}, "UDP port 3478 is taken by ", ""},
		{"stun on the public address", [][2]string{{"203.0.113.10:3478", ""}}, "UDP port 3478 is taken by ", ""},
		{"stun on loopback", [][2]string{{"127.0.0.1:3478", ""}}, "", ""},
		{"a server among the ports of calls", [][2]string{{"0.0.0.0:51820", ""}}, "", "(network.media 40000-60000) are used on this host, and lead to the VMs for who comes from outside: 51820 by "},
		{"once for several addresses", [][2]string{{"203.0.113.11:41641", ""}, {"203.0.113.10:41641", ""}}, "", "outside: 41641 by "},
		{"beyond the ports of calls", [][2]string{{"0.0.0.0:60001", ""}}, "", ""},
		{"a client", [][2]string{{"203.0.113.10:45000", "203.0.113.1:53"}}, "", ""},
		{"what a resolver asks with", [][2]string{{"0.0.0.0:45001", ""}, {"203.0.113.10:53", ""}}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, s := range tc.sockets {
				listenUDP(t, s[0], s[1])
			}
			warnings, refused := change.Warnings(callsClaimed(PortRange{40000, 60000}))
			if (refused == nil) != (tc.refused == "") || !strings.Contains(errText(refused), tc.refused) || refused != nil && !kindOf(refused, PortTaken.ID) {
				t.Errorf("refused: %v, want %q", refused, tc.refused)
			}
			if (len(warnings) == 0) != (tc.warns == "") || len(warnings) > 0 && (!strings.Contains(warnings[0].Cause, tc.warns) || strings.Count(warnings[0].Cause, " by ") != 1) {
				t.Errorf("warned: %v, want %q", warnings, tc.warns)
			}
		})
	}
}

// A resolver asks each question with a socket of its own: none is taken for a
// server for having come or gone while its holder was looked for.
func TestQuestionsClaimNothing(t *testing.T) {
	listenUDP(t, "203.0.113.10:53", "")
	ctx, done := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asking.Go(func() {
		for port := 45000; ctx.Err() == nil; port = 45000 + (port+1)%1000 {
			if question, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port}); err == nil {
				question.Close()
			}
		}
	})
	defer asking.Wait()
	defer done()
	for range 100 {
		if err := callsClaimed(PortRange{40000, 60000}); err != nil {
			t.Fatal(err)
		}
	}
}

// What is nobody's business without calls is refused with them; SSH is never
// captured, and said to be SSH. The test binary plays sshd by its name.
func TestClaimed(t *testing.T) {
	for _, tc := range []struct {
		name, listen string
		calling      bool
		sshd         bool
		kind         string
	}{
		{"TURN over TCP", "0.0.0.0:3478", true, false, PortTaken.ID},
		{"TURN over TCP, without calls", "0.0.0.0:3478", false, false, ""},
		{"SSH on 443", "0.0.0.0:443", false, true, SSHCaptured.ID},
		{"SSH on TURN's port", "0.0.0.0:3478", true, true, SSHCaptured.ID},
		{"SSH on TURN's port, without calls", "0.0.0.0:3478", false, true, ""},
		{"SSH elsewhere", "0.0.0.0:2222", true, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.sshd {
				rename(t, "sshd")
			}
			listener, err := net.Listen("tcp4", tc.listen)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			f := usual()
			if !tc.calling {
				f.Calling = Fabric{}.Calling
			}
			failures := change.Failures(f.claimed(context.Background()))
			var kinds []string
			for _, failure := range failures {
				kinds = append(kinds, failure.ID)
			}
			if got := strings.Join(kinds, " "); got != tc.kind {
				t.Errorf("refused as %q (%v), want %q", got, failures, tc.kind)
			}
		})
	}
}

// rename gives this process another name until the test ends.
func rename(t *testing.T, name string) {
	t.Helper()
	const comm = "/proc/self/comm"
	was, err := os.ReadFile(comm)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(comm, []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(comm, []byte(strings.TrimSpace(string(was))), 0o600) })
}
