package cmd

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"wiabctl/provision"
)

func newVMList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "Tell of every VM what it is, has and does",
		Example: "  sudo wiabctl vm list\n  sudo wiabctl vm list --output json    # one VM a line",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.with(c, func(installation *provision.Installation) error {
				vms, err := installation.ListVMs(c.Context())
				if err != nil {
					return err
				}
				if o.output == "json" {
					return renderVMsJSON(c.OutOrStdout(), vms)
				}
				return renderVMs(c.OutOrStdout(), vms)
			})
		},
	}
}

func renderVMs(out io.Writer, vms []provision.VM) error {
	table := tableOf(out)
	fmt.Fprintln(table, "NAME\tROLE\tADDRESS\tSTATE\tVCPU\tMEMORY\tDISK\tREADY")
	for _, vm := range vms {
		ready := "yes"
		if !vm.Ready {
			ready = "no: " + vm.Why
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", vm.Name, vm.Role, vm.Address, vm.State, vm.CPUs, vm.Memory, vm.Disk, ready)
	}
	return table.Flush()
}

// renderVMsJSON writes sizes in bytes.
func renderVMsJSON(out io.Writer, vms []provision.VM) error {
	lines := json.NewEncoder(out)
	for _, vm := range vms {
		err := lines.Encode(struct {
			Name    string `json:"name"`
			Role    string `json:"role"`
			Address string `json:"address"`
			State   string `json:"state"`
			CPUs    int    `json:"vcpu"`
			Memory  int64  `json:"memory_bytes"`
			Disk    int64  `json:"disk_bytes"`
			Ready   bool   `json:"ready"`
			Why     string `json:"why,omitempty"`
		}{vm.Name, string(vm.Role), vm.Address.String(), vm.State, vm.CPUs, int64(vm.Memory), int64(vm.Disk), vm.Ready, vm.Why})
		if err != nil {
			return err
		}
	}
	return nil
}
