package cluster

import (
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// The other end connects, so what it cannot reach is not reached.
func TestReach(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := serveSSH(t).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Reach(t.Context(), listener.Addr().String()); err != nil {
		t.Errorf("a port that listens: %v", err)
	}
	if err := client.Reach(t.Context(), "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "from test host to 127.0.0.1:1: ") {
		t.Errorf("a port that does not listen: %v", err)
	}
}

// serveForward connects as the channel asks.
func serveForward(asked ssh.NewChannel) {
	var to struct {
		Host string
		Port uint32
		From string
		By   uint32
	}
	if err := ssh.Unmarshal(asked.ExtraData(), &to); err != nil {
		return
	}
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(to.Host), Port: int(to.Port)})
	if err != nil {
		_ = asked.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer conn.Close()
	channel, requests, err := asked.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(conn, channel); _ = conn.CloseWrite() }()
	_, _ = io.Copy(channel, conn)
	channel.Close()
}
