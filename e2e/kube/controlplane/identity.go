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

// Identity says which cluster runs, where its nodes find it and where it finds
// the disk that holds it.
type Identity struct {
	ID     string `json:"id"`     // a UUID; another one is another cluster
	Server string `json:"server"` // the IPv4 address in the kubeconfigs
	Keeper string `json:"keeper"` // the first node's IPv4 address, where etcd's content is kept
}

// NewIdentity checks what a caller gave.
func NewIdentity(id, server, keeper string) (Identity, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return Identity{}, fmt.Errorf("id: %w", err)
	}
	i := Identity{ID: parsed.String()}
	if i.Server, err = ipv4(server); err != nil {
		return Identity{}, fmt.Errorf("server: %w", err)
	}
	if i.Keeper, err = ipv4(keeper); err != nil {
		return Identity{}, fmt.Errorf("keeper: %w", err)
	}
	return i, nil
}

func ipv4(text string) (string, error) {
	addr, err := netip.ParseAddr(text)
	if err == nil && !addr.Is4() {
		err = fmt.Errorf("%s is no IPv4 address", addr)
	}
	return addr.String(), err
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
	return NewIdentity(i.ID, i.Server, i.Keeper)
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
