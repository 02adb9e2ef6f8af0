package network

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A connection that was begun before the rules were loaded comes through as an answer: that
// somebody logs in on it later proves nothing. A new one does.
func TestOnlyANewConnectionProves(t *testing.T) {
	needRoot(t)
	clear(t)
	rename(t, "sshd")
	server, err := net.Listen("tcp4", "203.0.113.10:2222")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	f := usual()
	f.Spec.Firewall = &Firewall{Prove: 500 * time.Millisecond}
	rules := f.Spec.Firewall.guard([]string{"wan0"}, []uint16{2222})
	t.Cleanup(func() { _ = guardTable().drop() })

	old := connection(t, server)
	err = f.close(t.Context(), rules, true, "", func(line string) {
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
