package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
)

// KeyInfo tells of an SSH key that wiabctl made, and never its private half.
type KeyInfo struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"` // "SHA256:...", as ssh-keygen -l prints it
	Made        time.Time `json:"made"`
	Use         string    `json:"use"`
	Old         bool      `json:"old"` // it was replaced, and may still open something
}

// keyNames are the keys that wiabctl makes, in the order in which they are listed.
func (i *Installation) keyNames() []string {
	return append(slices.Clip(i.provider.keys), assets.AdminKey)
}

// Keys lists the SSH keys that are made. Only root may read them.
func (i *Installation) Keys(ctx context.Context) ([]KeyInfo, error) {
	if err := rootCheck(ctx); err != nil {
		return nil, err
	}
	var all []KeyInfo
	for _, name := range i.keyNames() {
		key, err := i.keys().Load(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, i.keyInfo(name, key))
		if key.Former != nil {
			old := i.keyInfo(name, *key.Former)
			old.Old = true
			all = append(all, old)
		}
	}
	return all, nil
}

func (i *Installation) keyInfo(name string, key assets.Key) KeyInfo {
	info := KeyInfo{Name: name, Fingerprint: ssh.FingerprintSHA256(key.Signer.PublicKey()), Made: key.Made}
	switch name {
	case assets.UserKey:
		info.Use = fmt.Sprintf("opens the VMs, as %s", i.config.VMs.User)
	case assets.AdminKey:
		info.Use = fmt.Sprintf("opens this host, as %s", i.config.Host.User)
	default:
		info.Use = "by it a VM proves itself"
	}
	return info
}
