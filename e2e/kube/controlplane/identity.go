package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"github.com/google/uuid"
)

// Identity says which cluster runs and where its nodes find it.
type Identity struct {
	ID     string `json:"id"`     // a UUID; another one is another cluster
	Server string `json:"server"` // the IPv4 address in the kubeconfigs
}

// NewIdentity checks what a caller gave.
func NewIdentity(id, server string) (Identity, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return Identity{}, fmt.Errorf("id: %w", err)
	}
	addr, err := netip.ParseAddr(server)
	if err != nil {
		return Identity{}, fmt.Errorf("server: %w", err)
	}
	if !addr.Is4() {
		return Identity{}, fmt.Errorf("server: %s is no IPv4 address", addr)
	}
	return Identity{ID: parsed.String(), Server: addr.String()}, nil
}

// readIdentity returns what was written last; zero if nothing was.
func readIdentity(path string) (Identity, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, nil
	}
	if err != nil {
		return Identity{}, err
	}
	var i Identity
	if err := json.Unmarshal(text, &i); err != nil {
		return Identity{}, fmt.Errorf("%s: %w", path, err)
	}
	return NewIdentity(i.ID, i.Server)
}

func (i Identity) write(path string) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
