package cmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newProxyRender(o *options) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "render DOMAIN",
		Short: "Print haproxy's configuration for the proxy in front of a domain",
		Long: "render prints what `wiabctl proxy deploy` would write to /etc/haproxy/haproxy.cfg. With --dir it writes that and the files that\n" +
			"belong to it below a directory, under their paths on the machine, for a proxy that you set up yourself: haproxy 2.4 or newer.",
		Example:           "  sudo wiabctl proxy render red.example.com\n  sudo wiabctl proxy render red.example.com --dir red-proxy",
		Args:              exactlyOne("one domain"),
		ValidArgsFunction: o.completeProxied,
		RunE: func(c *cobra.Command, args []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				files, err := installation.ProxyFiles(args[0])
				if err != nil {
					return err
				}
				if dir == "" {
					_, err := c.OutOrStdout().Write(files[len(files)-1].Content)
					return err
				}
				return o.writeFiles(c.OutOrStdout(), dir, files)
			})
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "write all files below this directory")
	return c
}

// writeFiles writes files below a directory and tells their names.
func (o *options) writeFiles(out io.Writer, dir string, files []provision.ProxyFile) error {
	for _, f := range files {
		name := filepath.Join(dir, f.Path)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, f.Content, f.Mode)
		}
		if err != nil {
			return provision.FileUnwritable.Failf("%w", err)
		}
		if o.output == "json" {
			err = encode(out, map[string]string{"file": name})
		} else {
			_, err = fmt.Fprintln(out, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
