package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where docker listens, and where it notes its process.
const (
	dockerSocket = "/run/docker.sock"
	dockerPID    = "/run/docker.pid"
)

// dockerPatience bounds the question; docker answers it from memory.
const dockerPatience = 2 * time.Second

// dockerNetworks are the ranges of docker's networks, also of those without a
// bridge at present (Engine API, GET /networks). A docker that does not run has
// none: connecting to systemd's socket would start it.
func dockerNetworks(ctx context.Context) ([]occupied, error) {
	pid, err := os.ReadFile(dockerPID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if nameOf(filepath.Join("/proc", strings.TrimSpace(string(pid)))) != "dockerd" {
		return nil, nil // the process is gone and left its note
	}
	ctx, cancel := context.WithTimeout(ctx, dockerPatience)
	defer cancel()
	var networks []struct {
		Name string
		IPAM struct{ Config []struct{ Subnet string } }
	}
	if err := askDocker(ctx, "/networks", &networks); err != nil {
		return nil, err
	}
	var all []occupied
	for _, network := range networks {
		for _, config := range network.IPAM.Config {
			if prefix, err := netip.ParsePrefix(config.Subnet); err == nil {
				all = append(all, occupied{prefix.Masked(), " of docker's network " + network.Name})
			}
		}
	}
	return all, nil
}

// askDocker reads what the Engine API tells at the path.
func askDocker(ctx context.Context, path string, into any) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", dockerSocket)
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("docker's answer to GET %s is %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
