package cmd

import (
	"bytes"
	"io"
	"time"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newStatus(o *options) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell for each stage whether it is as configured, and how the parts of the cluster are",
		Long: "status compares every stage with the configuration, and asks Kubernetes, the releases, the certificates and the data\n" +
			"services how they are: Cassandra, Elasticsearch, MinIO, PostgreSQL, RabbitMQ. What does not answer within ten seconds\n" +
			"is told and keeps nothing else waiting. The exit status is 0 if all is as configured and well, 2 if there is something\n" +
			"to do, that of `unhealthy` if a part is not well or silent, and that of the failure if a stage cannot tell. With --watch\n" +
			"it looks again and again until Ctrl-C, and ends with 0.",
		Example: "  sudo wiabctl status\n  sudo wiabctl status --watch\n  sudo wiabctl status --output json    # one stage, version or part a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				if watch {
					return o.watch(c, installation)
				}
				is := observe(c.Context(), installation)
				o.renderStanding(c.OutOrStdout(), paletteOf(c.OutOrStdout()), is)
				return is.failure()
			})
		},
	}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "look again and again: redraw on a terminal, a new block elsewhere")
	return c
}

// lookAgain is the pause between two looks of status --watch.
const lookAgain = 2 * time.Second

// watch shows how the installation is until ctx ends, which is no failure.
func (o *options) watch(c *cobra.Command, installation *provision.Installation) error {
	ctx, out := c.Context(), c.OutOrStdout()
	show := o.frames(out)
	for {
		is := observe(ctx, installation)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // Ctrl-C is how watching ends
		}
		var text bytes.Buffer
		o.renderStanding(&text, paletteOf(out), is)
		if err := show(text.String()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookAgain):
		}
	}
}

// frames shows one text after the other: in place on a terminal, else below each other.
func (o *options) frames(out io.Writer) func(text string) error {
	screen, drawn := terminalOf(out)
	return func(text string) error {
		title := "wiabctl status, at " + time.Now().Format(time.TimeOnly)
		switch {
		case o.output == "json":
		case drawn:
			size, err := screen.size()
			if err != nil {
				return err
			}
			text = frame(title+"; Ctrl-C ends", text, size.Height)
		default:
			text = title + "\n" + text + "\n"
		}
		_, err := io.WriteString(out, text)
		return err
	}
}
