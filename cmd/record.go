package cmd

import (
	"os"
	"os/signal"
	"strings"
	"syscall"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wiabctl/provision"
)

// recorded does something to the installation and keeps it in the history. The command's
// context has a log from then on. The caller holds the run lock.
func (o *options) recorded(c *cobra.Command, installation *provision.Installation, do func() error) error {
	name := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	ctx, end, err := installation.Record(c.Context(), name, commandLine(c))
	if err != nil {
		return err
	}
	c.SetContext(ctx)
	// A pipe that nobody reads any more is no reason to die in the middle of a change.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err = do()
	end(err)
	return err
}

// commandLine is the command as it was typed, its flags before its arguments, without
// secrets.
func commandLine(c *cobra.Command) string {
	words := strings.Fields(c.CommandPath())
	c.Flags().Visit(func(f *pflag.Flag) {
		word := "--" + f.Name
		list, several := f.Value.(pflag.SliceValue)
		switch {
		case f.Name == "set": // whose values may be secrets
			words = append(words, paths(list.GetSlice())...)
			return
		case several:
			word += "=" + strings.Join(list.GetSlice(), ",")
		case f.Value.Type() != "bool" || f.Value.String() != "true":
			word += "=" + f.Value.String()
		}
		words = append(words, word)
	})
	return shellescape.QuoteCommand(append(words, c.Flags().Args()...))
}

// paths are what --set sets, without the values.
func paths(set []string) (words []string) {
	for _, value := range set {
		path, _, _ := strings.Cut(value, "=")
		words = append(words, "--set="+path+"=...")
	}
	return words
}
