package vm

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"

	"wiabctl/provision/change"
)

func TestConnectionFails(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "sock")
	connection := &Connection{Sockets: []string{socket}, Timeout: 200 * time.Millisecond}
	if err := connection.Use(context.Background(), ping); !errors.Is(err, change.ErrNotInstalled) {
		t.Errorf("no socket: %v, want %v", err, change.ErrNotInstalled)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := connection.Use(context.Background(), ping); !errors.Is(err, Unreachable.Failf("")) || !strings.Contains(err.Error(), socket) {
		t.Errorf("silent daemon: %v, want a Failure of kind %s", err, Unreachable.ID)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("giving up on a silent daemon took %s", took)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := connection.Use(context.Background(), ping); !errors.Is(err, Unreachable.Failf("")) || errors.Is(err, change.ErrNotInstalled) {
		t.Errorf("nobody listens: %v, want a Failure of kind %s", err, Unreachable.ID)
	}
}

func TestConnectionComesBack(t *testing.T) {
	needRoot(t)
	connection := NewConnection()
	defer connection.Close()
	if err := connection.Use(context.Background(), ping); err != nil {
		t.Fatal(err)
	}
	first := connection.line
	if err := connection.Use(context.Background(), ping); err != nil || connection.line != first {
		t.Errorf("a second use made another connection (%v)", err)
	}
	first.hangUp()
	if err := connection.Use(context.Background(), ping); err != nil {
		t.Errorf("after a lost connection: %v", err)
	}
	ended, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	cancel(reason)
	if err := connection.Use(ended, ping); !errors.Is(err, reason) {
		t.Errorf("with an ended context: %v, want %v", err, reason)
	}
}

// A call that hangs is ended, although it knows no context.
func TestConnectionEndsACallThatHangs(t *testing.T) {
	needRoot(t)
	silent := newSilencer(t, NewConnection().Sockets[0])
	connection := &Connection{Sockets: []string{silent.path}, Timeout: 100 * time.Millisecond}
	err := connection.Use(context.Background(), func(virt *libvirt.Libvirt) error {
		silent.hold()
		return ping(virt)
	})
	if !errors.Is(err, Unreachable.Failf("")) || !strings.Contains(err.Error(), "did not answer within 100ms") {
		t.Errorf("got %v, want a Failure of kind %s", err, Unreachable.ID)
	}
}

// silencer is a daemon that stops answering when told: a relay before the real one.
type silencer struct {
	path string
	held chan struct{}
}

func (s *silencer) hold() { close(s.held) }

func newSilencer(t *testing.T, daemon string) *silencer {
	t.Helper()
	s := &silencer{path: filepath.Join(t.TempDir(), "relay"), held: make(chan struct{})}
	listener, err := net.Listen("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", daemon)
		if err != nil {
			return
		}
		go s.relay(server, client)
		s.relay(client, server)
	}()
	return s
}

func (s *silencer) relay(to, from net.Conn) {
	buffer := make([]byte, os.Getpagesize())
	for {
		n, err := from.Read(buffer)
		if err != nil {
			to.Close()
			return
		}
		select {
		case <-s.held:
			continue
		default:
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
