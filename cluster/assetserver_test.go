package cluster

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// assetHost does what systemd does for the two commands, and refuses all others.
type assetHost struct {
	t        *testing.T
	address  string
	listener net.Listener
	wanted   bool // at boot
}

func (h *assetHost) run(_ context.Context, argv ...string) ([]byte, error) {
	switch line := strings.Join(argv, " "); line {
	case "sudo systemctl add-wants multi-user.target serve-assets.service":
		h.wanted = true
	case "sudo systemctl start serve-assets.service":
		h.start()
	default:
		return nil, errors.New(line + ": not expected")
	}
	return nil, nil
}

func (h *assetHost) start() {
	if h.listener != nil {
		return
	}
	var err error
	if h.listener, err = net.Listen("tcp", h.address); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.listener.Close() })
}

func TestAssetServer(t *testing.T) {
	host := &assetHost{t: t, address: freeAddress(t)}
	server := AssetServer{Address: host.address, Run: host.run}
	changes := server.plan(t.Context())
	if len(changes) != 1 || changes[0].Verb != change.Start || !strings.Contains(changes[0].Reason, "connection refused") {
		t.Fatalf("planned %v", changes)
	}
	if err := changes[0].Apply(t.Context(), nil); err != nil || !host.wanted {
		t.Errorf("started: %v; at each boot: %v", err, host.wanted)
	}
	if changes := server.plan(t.Context()); len(changes) != 0 {
		t.Errorf("planned again: %v", changes)
	}
}

// The script starts the unit; that each boot has to do so too it does not say.
func TestAssetServerAfterTheScript(t *testing.T) {
	host := &assetHost{t: t, address: freeAddress(t)}
	host.start()
	if err := (AssetServer{Address: host.address, Run: host.run}).start(t.Context(), nil); err != nil || !host.wanted {
		t.Errorf("%v; at each boot: %v", err, host.wanted)
	}
}

func TestAssetServerFails(t *testing.T) {
	var calls []string
	server := AssetServer{Address: freeAddress(t), Run: func(_ context.Context, argv ...string) ([]byte, error) {
		calls = append(calls, strings.Join(argv, " "))
		return nil, errors.New("unit serve-assets.service not found")
	}}
	if err := server.start(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "not found") || len(calls) != 1 {
		t.Errorf("%v after %v", err, slices.Clone(calls))
	}
}
