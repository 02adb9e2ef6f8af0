package network

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A connection that was begun before the rules were loaded comes through as an answer: that
// somebody logs in on it later proves nothing. A new one does.
func TestOnlyANewConnectionProves(t *testing.T) {
	needRoot(t)
	clear(t)
	server := sshServer(t)
	f := usual()
	f.Spec.Firewall = &Firewall{Prove: 500 * time.Millisecond}
	rules := f.Spec.Firewall.guard([]string{"wan0"}, []uint16{2222})
	t.Cleanup(func() { _ = guardTable().drop() })

	old := connection(t, server)
	err := f.close(t.Context(), rules, true, "", func(line string) {
		if strings.HasPrefix(line, "log in") {
			logIn(t, old)
		}
	})
	if !kindOf(err, FirewallUnproven.ID) {
		t.Errorf("a login on a connection from before: %v", err)
	}
	err = f.close(t.Context(), rules, true, "", func(line string) {
		if strings.HasPrefix(line, "log in") {
			logIn(t, connection(t, server))
		}
	})
	if err != nil {
		t.Errorf("a login on a new connection: %v", err)
	}
	if err := os.Remove(firewallFile); err != nil { // what is proven is kept
		t.Error(err)
	}
	if _, err := os.Stat("/run/wiabctl"); err == nil {
		t.Error("what would have taken the firewall back is still there")
	}
}

// sshServer has this process be the SSH server, at port 2222 of the public address.
func sshServer(t *testing.T) net.Listener {
	t.Helper()
	rename(t, "sshd")
	server, err := net.Listen("tcp4", "203.0.113.10:2222")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// connection is the server's end of a new connection.
func connection(t *testing.T, server net.Listener) *net.TCPConn {
	t.Helper()
	client, err := net.Dial("tcp4", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	served, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { served.Close() })
	return served.(*net.TCPConn)
}

// logIn has a process with the title of OpenSSH's serve the connection.
func logIn(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	file, err := conn.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	session := exec.Command("sleep", "60")
	session.Args[0] = "sshd: root@pts/0"
	session.ExtraFiles = []*os.File{file}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Process.Kill()
		_ = session.Wait()
	})
}

// Where the rules cannot be taken back at once, systemd's clock is what is left: it goes on.
func TestRollbackThatFailsLeavesTheClock(t *testing.T) {
	needRoot(t)
	clear(t)
	sshServer(t)
	if err := os.MkdirAll("/run/systemd/system", 0o755); err != nil { // sd_booted(3)
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove("/run/systemd/system") })
	t.Cleanup(func() { _ = guardTable().drop() })
	for exit, want := range map[string]string{"0": "clock, stop ", "1": "clock, "} {
		tools := t.TempDir()
		calls := filepath.Join(tools, "calls")
		for name, script := range map[string]string{
			"nft":         "exit " + exit,
			"systemd-run": "printf 'clock, ' >>" + calls,
			"systemctl":   "[ \"$1\" != is-active ] || exec test -e " + calls + "\nprintf '%s ' \"$1\" >>" + calls,
		} {
			if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
		f := usual()
		f.Spec.Firewall = &Firewall{Prove: 300 * time.Millisecond}
		err := f.close(t.Context(), f.Spec.Firewall.guard([]string{"wan0"}, []uint16{2222}), true, "", nil)
		if !kindOf(err, FirewallUnproven.ID) || strings.Contains(errText(err), "systemd tries again") != (exit == "1") {
			t.Errorf("nft ends with %s: %v", exit, err)
		}
		if said, err := os.ReadFile(calls); err != nil || string(said) != want {
			t.Errorf("nft ends with %s: systemd was asked for %q (%v), want %q", exit, said, err, want)
		}
	}
}
