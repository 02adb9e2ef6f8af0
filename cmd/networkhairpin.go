package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newNetworkHairpin(o *options) *cobra.Command {
	modes := map[string]string{"on": "always", "off": "never"}
	c := &cobra.Command{
		Use:   "hairpin on|off|status",
		Short: "Let VMs reach VMs through the public address, or not",
		Long: "on and off write network.hairpin: always or never into the configuration file, whose comments and layout stay, and\n" +
			"make the network so. Certificates are issued and renewed only while the hairpin is open. status tells the mode, and\n" +
			"whether the rule is in force.",
		Example:   "  sudo wiabctl network hairpin status\n  sudo wiabctl network hairpin off",
		ValidArgs: []string{"on", "off", "status"},
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || modes[args[0]] == "" && args[0] != "status" {
				return provision.BadUsage.Failf("%s takes on, off or status", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "status" {
				return o.hairpinStatus(c)
			}
			return o.setHairpin(c, modes[args[0]])
		},
	}
	return c
}

func (o *options) hairpinStatus(c *cobra.Command) error {
	return o.with(c, func(installation *provision.Installation) error {
		hairpin, err := installation.Hairpin()
		if err != nil {
			return err
		}
		if o.output == "json" {
			return encode(c.OutOrStdout(), hairpin)
		}
		fmt.Fprintf(c.OutOrStdout(), "%s: ", hairpin.Mode)
		if hairpin.Loaded {
			fmt.Fprint(c.OutOrStdout(), "in force, ")
		}
		fmt.Fprintln(c.OutOrStdout(), counted(hairpin.Loaded, hairpin.Packets, "connection"))
		return nil
	})
}

func (o *options) setHairpin(c *cobra.Command, mode string) error {
	if _, err := o.load(); err != nil {
		return err
	}
	overrides, err := o.overrides()
	if err != nil {
		return err
	}
	unlock, err := lock(c)
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // the process's end unlocks too
	if err := provision.SetHairpin(o.config, mode, overrides...); err != nil {
		return err
	}
	installation, err := o.open(c.OutOrStdout())
	if err != nil {
		return err
	}
	defer installation.Close()
	var made int
	var there bool
	err = o.recorded(c, installation, func() (err error) {
		made, there, err = installation.UpNetwork(c.Context())
		return err
	})
	if err != nil {
		return err
	}
	if o.output == "plain" {
		if !there {
			fmt.Fprintf(c.OutOrStdout(), "%s is written; there is no network yet, `wiabctl up` makes it\n", o.config)
			return nil
		}
		fmt.Fprintln(c.OutOrStdout(), changes(made))
	}
	return nil
}
