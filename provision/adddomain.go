package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"wiabctl/ingress"
)

// Domain is an extra domain, as the configuration file declares it.
type Domain = ingress.Domain

// AddDomain writes a domain into the configuration file, whose comments and layout
// stay. The new file is checked whole before it takes the old one's place; a domain
// that is there already changes nothing.
func AddDomain(file string, d Domain) error {
	if err := ingress.ValidDomain(d.Domain); err != nil {
		return err
	}
	have, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return ConfigMissing.Failf("there is no configuration file %s", file)
	}
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	want, err := ingress.AddDomain(have, d)
	if err != nil {
		return err
	}
	if _, err := Parse(want); err != nil {
		return ConfigInvalid.Failf("%s with %s could not be used:\n%w", file, d.Domain, err)
	}
	if bytes.Equal(have, want) {
		return nil
	}
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(target, want, 0o644, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
