package cluster

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// newKey makes a throw-away ed25519 key.
func newKey(t testing.TB) ssh.Signer {
	t.Helper()
	signer, _ := generate(t)
	return signer
}

// generate makes a throw-away ed25519 key with its private half.
func generate(t testing.TB) (ssh.Signer, ed25519.PrivateKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, private
}

// serveSSH runs an SSH server on loopback that lets one key in, runs commands with
// sh and serves SFTP, and returns how to reach it.
func serveSSH(t *testing.T) Target {
	t.Helper()
	userKey := newKey(t)
	target := serveSSHTo(t, func(key ssh.PublicKey) bool { return string(key.Marshal()) == string(userKey.PublicKey().Marshal()) })
	target.Key = userKey
	return target
}

// serveSSHTo is serveSSH with a say in who is let in; the target has no key yet.
func serveSSHTo(t *testing.T, known func(ssh.PublicKey) bool) Target {
	t.Helper()
	hostKey := newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !known(key) {
			return nil, errors.New("unknown key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(hostKey)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveConn(conn, config)
		}
	}()
	return Target{Name: "test host", Address: listener.Addr().String(), User: "demo", HostKey: hostKey.PublicKey()}
}

func serveConn(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if c.ChannelType() == "direct-tcpip" {
			go serveForward(c)
			continue
		}
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go serveSession(channel, requests)
	}
}

func serveSession(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		switch r.Type {
		case "exec":
			_ = r.Reply(true, nil)
			status := runShell(channel, string(r.Payload[4:]))
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			return
		case "pty-req": // RFC 4254, 6.2
			var pty struct {
				Term                         string
				Columns, Rows, Width, Height uint32
				Modes                        string
			}
			_ = r.Reply(ssh.Unmarshal(r.Payload, &pty) == nil, nil)
			fmt.Fprintf(channel, "terminal %s %dx%d\n", pty.Term, pty.Columns, pty.Rows)
		case "window-change":
			var size struct{ Columns, Rows, Width, Height uint32 }
			if ssh.Unmarshal(r.Payload, &size) == nil {
				fmt.Fprintf(channel, "terminal %dx%d\n", size.Columns, size.Rows)
			}
		case "shell": // ends with its input's first line
			_ = r.Reply(true, nil)
			go func() {
				_, _ = bufio.NewReader(channel).ReadString('\n')
				_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
				channel.Close()
			}()
		case "subsystem":
			_ = r.Reply(true, nil)
			server, err := sftp.NewServer(channel)
			if err == nil {
				_ = server.Serve()
			}
			return
		default:
			_ = r.Reply(false, nil)
		}
	}
}

func runShell(channel ssh.Channel, line string) uint32 {
	cmd := exec.Command("sh", "-c", line)
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	go func() { _, _ = io.Copy(stdin, channel); stdin.Close() }()
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return uint32(exit.ExitCode())
	}
	return 255
}

// testAdmin is an admin host whose deploy directory is a temporary one.
func testAdmin(t *testing.T) *Admin {
	t.Helper()
	target := serveSSH(t)
	admin := &Admin{Target: func() (Target, error) { return target, nil }, User: "demo", Dir: t.TempDir()}
	t.Cleanup(func() { admin.Close() })
	return admin
}
