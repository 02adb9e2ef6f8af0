// Command labctl starts, enters and removes the lab: a KVM host in a box.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"wiabctl/e2e/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command().ExecuteContext(ctx)
	var inside ended
	switch {
	case err == nil:
	case errors.As(err, &inside):
		os.Exit(inside.status)
	default:
		fmt.Fprintln(os.Stderr, "labctl:", err)
		os.Exit(1)
	}
}

// command is the whole command line.
func command() *cobra.Command {
	o := lab.Options{Log: os.Stderr}
	root := &cobra.Command{
		Use:           "labctl",
		Short:         "A KVM host in a box, with an internet around it",
		SilenceUsage:  true,
		SilenceErrors: true,
		// This program's flags stand before the command, so that curl's may follow it.
		TraverseChildren: true,
	}
	root.PersistentFlags().StringVar(&o.Dir, "dir", "", "where the lab lives (default .lab under the repository's root)")
	root.PersistentFlags().StringVar(&o.Image, "image", "",
		"what the VMs boot: micro or cloud (default $"+lab.ImageVariable+", else micro)")
	root.AddCommand(up(&o), down(&o), shell(&o), host(&o), curl(&o), reboot(&o), address(&o), kubebox(&o), clean())
	return root
}

func up(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Start the lab, building what is not cached",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := lab.Start(cmd.Context(), *o)
			return err
		},
	}
}

func down(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Remove the lab and everything it made",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return lab.Down(cmd.Context(), *o)
		},
	}
}

func kubebox(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "kubebox",
		Short: "Build the lab's Kubernetes if it is not cached, and print where it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := lab.Kubebox(cmd.Context(), *o)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
}

func reboot(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "reboot",
		Short: "Reboot the KVM host and wait until it is up",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Attach(*o)
			if err != nil {
				return err
			}
			return l.Reboot(cmd.Context())
		},
	}
}

func address(o *lab.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "address",
		Short: "Print the addresses and names of the lab",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Attach(*o)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "KVM host\t%s (every name below example.org, example.com, example.net)\n"+
				"client\t\t%s\ngateway\t\t%s (http://artifacts.example.net/)\nimage\t\t%s\ndirectory\t%s\n",
				lab.WAN, lab.Guest, lab.Gateway, l.Image(), l.Dir())
			return err
		},
	}
}

func clean() *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Empty the cache of images, roots and programs",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return lab.Clean() },
	}
}
