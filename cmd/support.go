package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newSupport(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "support [FILE]",
		Short: "Collect what somebody else needs to find out what is wrong, without secrets, in one archive",
		Long: "support collects logs, the plan, libvirt's XML, firewall rules, versions, what Kubernetes tells, the configuration and\n" +
			"facts about this host into one .tar.gz that only its owner may read; by default in the current directory. It changes\n" +
			"nothing, and works on a half-built host: what cannot be collected is listed with the reason. Passwords, keys and\n" +
			"tokens are taken out, but look through it before you hand it on: names and addresses stay.",
		Example: "  sudo wiabctl support\n  sudo wiabctl support /tmp/wire.tar.gz --output json",
		Args:    atMostOne("the name of one file"),
		RunE: func(c *cobra.Command, args []string) error {
			path := first(args)
			if path == "" {
				path = fmt.Sprintf("wiabctl-support-%s.tar.gz", time.Now().UTC().Format("20060102T150405Z"))
			}
			overrides, err := o.overrides()
			if err != nil {
				return err
			}
			var collection provision.Collection
			err = newFile(path, func(out io.Writer) (err error) {
				collection, err = provision.Support{Config: o.config, Overrides: overrides}.Collect(c.Context(), out)
				return err
			})
			if err != nil {
				return err
			}
			return o.renderCollection(c.OutOrStdout(), path, collection)
		},
	}
}

// newFile writes a file that does not exist yet, its owner's alone. There is none if that fails.
func newFile(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return provision.FileUnwritable.Failf("%w", err)
	}
	err = write(file)
	if failed := file.Close(); failed != nil && err == nil {
		err = provision.FileUnwritable.Failf("%w", failed)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func (o *options) renderCollection(out io.Writer, path string, collection provision.Collection) error {
	if o.output == "json" {
		return encode(out, struct {
			File string `json:"file"`
			provision.Collection
		}{path, collection})
	}
	for _, m := range collection.Missing {
		fmt.Fprintf(printable{out}, "not collected: %s: %s\n", m.Name, m.Reason)
	}
	_, err := fmt.Fprintf(out, "%d files are in %s; look through it before you hand it on\n", collection.Files, path)
	return err
}
