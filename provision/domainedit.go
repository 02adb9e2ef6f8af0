package provision

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/google/renameio/v2"

	"wiabctl/ingress"
)

// Edit changes the text of a configuration file, whose comments and layout stay. It knows what
// overrides the file, for only both together have to be a configuration that can be used.
type Edit func(text []byte, overrides []Override) ([]byte, error)

// Adding writes domains into the file; those that are there already change nothing.
func Adding(list List) Edit {
	return func(text []byte, overrides []Override) ([]byte, error) {
		with, err := ingress.AddDomains(text, list.Domains...)
		if err != nil {
			return nil, err
		}
		return with, list.fits(text, with, overrides)
	}
}

// Removing takes domains out of the file.
func Removing(domains ...string) Edit {
	return func(text []byte, _ []Override) ([]byte, error) { return ingress.RemoveDomains(text, domains...) }
}

// Check is the configuration that the file would hold, if it can be used, with the
// certificates and the overlays that it leads to. It changes nothing.
func (e Edit) Check(ctx context.Context, file string, overrides ...Override) (Config, error) {
	_, want, err := e.of(file, overrides)
	if err != nil {
		return Config{}, err
	}
	return holding(ctx, file, want, overrides)
}

// holding is the configuration of a file that held this.
func holding(ctx context.Context, file string, content []byte, overrides []Override) (Config, error) {
	config, err := Parse(content, overrides...)
	if err != nil {
		return Config{}, ConfigInvalid.Failf("%s could not be used any more:\n%w", file, err)
	}
	config.dir = filepath.Dir(file)
	return config, config.filesCheck(ctx)
}

// Make changes the file, whole. The caller holds the run lock.
func (e Edit) Make(ctx context.Context, file string, overrides ...Override) error {
	have, want, err := e.of(file, overrides)
	if err != nil {
		return err
	}
	if _, err := holding(ctx, file, want, overrides); err != nil || bytes.Equal(have, want) { // it may be another file by now
		return err
	}
	return rewrite(file, want)
}

// of returns what the file holds, and what it would hold.
func (e Edit) of(file string, overrides []Override) (have, want []byte, err error) {
	if have, err = read(file); err != nil {
		return nil, nil, err
	}
	want, err = e(have, overrides)
	return have, want, err
}

// rewrite gives the configuration file another content, whole, and keeps its mode and its owner.
func rewrite(file string, content []byte) error {
	if err := replaceFile(file, content, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}
