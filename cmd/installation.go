package cmd

import (
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// overrides are what the environment and --set put above the configuration file.
func (o *options) overrides() ([]provision.Override, error) {
	return provision.Overrides(os.Environ(), o.set, variables)
}

// load reads the configuration: the file, above it the environment, above that --set.
func (o *options) load() (provision.Config, error) {
	overrides, err := o.overrides()
	if err != nil {
		return provision.Config{}, err
	}
	return provision.Load(o.config, overrides...)
}

// open reads the configuration and makes the installation that it describes.
func (o *options) open(out io.Writer) (*provision.Installation, error) {
	config, err := o.load()
	if err != nil {
		return nil, err
	}
	return provision.Open(config, o.view(out)), nil
}

// with opens the installation and does something with it.
func (o *options) with(c *cobra.Command, do func(*provision.Installation) error) error {
	installation, err := o.open(c.OutOrStdout())
	if err != nil {
		return err
	}
	defer installation.Close()
	return do(installation)
}

// lock takes the run lock in the name of the command as it was typed.
func lock(c *cobra.Command) (unlock func() error, err error) {
	return provision.Lock(strings.TrimPrefix(commandLine(c), c.Root().Name()+" "))
}

// locked opens the installation and does something to it under the run lock, which is
// kept in the history.
func (o *options) locked(c *cobra.Command, do func(*provision.Installation) error) error {
	return o.with(c, func(installation *provision.Installation) error {
		unlock, err := lock(c)
		if err != nil {
			return err
		}
		defer unlock() //nolint:errcheck // the process's end unlocks too
		return o.recorded(c, installation, func() error { return do(installation) })
	})
}

// encode writes values as JSON, one a line.
func encode[T any](out io.Writer, all ...T) error {
	lines := json.NewEncoder(out)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return nil
}
