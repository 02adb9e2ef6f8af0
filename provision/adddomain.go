package provision

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/google/renameio/v2"

	"wiabctl/ingress"
)

// Domain is an extra domain, as the configuration file declares it.
type Domain = ingress.Domain

// CheckDomain tells whether AddDomain would take the domain, and changes nothing.
func CheckDomain(file string, d Domain) error {
	_, _, err := withDomain(file, d)
	return err
}

// AddDomain writes a domain into the configuration file, whose comments and layout
// stay. The new file is checked whole before it takes the old one's place; a domain
// that is there already changes nothing. The caller holds the run lock.
func AddDomain(file string, d Domain) error {
	have, want, err := withDomain(file, d)
	if err != nil || bytes.Equal(have, want) {
		return err
	}
	return rewrite(file, want)
}

// rewrite gives the configuration file another content, whole, and keeps its mode.
func rewrite(file string, content []byte) error {
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(target, content, 0o644, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// withDomain returns what the file holds and what it would hold with the domain.
func withDomain(file string, d Domain) (have, want []byte, err error) {
	if _, err := ingress.Canonical(d.Domain); err != nil {
		return nil, nil, err
	}
	// The file is used from anywhere, so what it names has to be found from anywhere.
	for _, path := range []*string{&d.Certificate.Cert, &d.Certificate.Key} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, nil, err
		}
	}
	if have, err = read(file); err != nil {
		return nil, nil, err
	}
	if want, err = ingress.AddDomain(have, d); err != nil {
		return nil, nil, err
	}
	if _, err := Parse(want); err != nil {
		return nil, nil, ConfigInvalid.Failf("%s with %s could not be used:\n%w", file, d.Domain, err)
	}
	return have, want, nil
}
