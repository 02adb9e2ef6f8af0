package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/digitalocean/go-libvirt"
)

// diskState is what a disk is at the moment, as far as snapshots are concerned.
type diskState struct {
	identity  string
	base      Base
	internals []Internal
}

// find is the snapshot of this name inside the disk, nil if there is none.
func (d *diskState) find(name string) *Internal {
	for i, internal := range d.internals {
		if internal.Name == name {
			return &d.internals[i]
		}
	}
	return nil
}

// readDiskState reads a disk, also one that a guest writes to: QEMU has what it says
// of snapshots on the disk before it answers. The error is fs.ErrNotExist
// when there is no such file.
func readDiskState(ctx context.Context, path string) (*diskState, error) {
	identity, err := diskIdentity(path)
	if err != nil {
		return nil, err
	}
	text, err := qemuImg(ctx, "info", "--force-share", "-f", "qcow2", "--output=json", path).Output()
	if err != nil {
		return nil, fmt.Errorf("looking at disk %s: %w", path, said(err))
	}
	var info struct {
		Base      string     `json:"full-backing-filename"`
		Internals []Internal `json:"snapshots"`
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, fmt.Errorf("looking at disk %s: %w", path, err)
	}
	state := &diskState{identity: identity, base: Base{Path: info.Base}, internals: info.Internals}
	if file, err := os.Stat(info.Base); err == nil { // a base that is gone differs from any other
		state.base.Bytes, state.base.Modified = file.Size(), file.ModTime().UTC()
	}
	return state, nil
}

// said adds to a program's failure what it wrote to its standard error.
func said(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}

// keepDisk takes a snapshot inside the disk: by the QEMU that has it open, else by qemu-img.
func (r *Room) keepDisk(ctx context.Context, machine Machine, live bool, name string) error {
	if !live {
		return changeImage(ctx, "snapshot", "-c", name, r.paths(machine).disk)
	}
	return r.monitorDisk(ctx, machine, "blockdev-snapshot-internal-sync", name)
}

// freeDisk deletes a snapshot inside the disk, which gives its space back.
func (r *Room) freeDisk(ctx context.Context, machine Machine, live bool, name string) error {
	if !live {
		return changeImage(ctx, "snapshot", "-d", name, r.paths(machine).disk)
	}
	return r.monitorDisk(ctx, machine, "blockdev-snapshot-delete-internal-sync", name)
}

// monitorDisk runs a command of QEMU's about snapshots on the node of the machine's disk.
func (r *Room) monitorDisk(ctx context.Context, machine Machine, command, name string) error {
	return r.Libvirt(ctx, func(virt *libvirt.Libvirt) error {
		domain, err := virt.DomainLookupByName(machine.Name)
		if err != nil {
			return err
		}
		node, err := diskNode(virt, domain, r.paths(machine).disk)
		if err != nil {
			return err
		}
		return monitor(virt, domain, command, map[string]string{"device": node, "name": name}, nil)
	})
}

// diskNode is what the domain's QEMU calls the qcow2 disk at the path.
func diskNode(virt *libvirt.Libvirt, domain libvirt.Domain, path string) (string, error) {
	var blocks []struct {
		Inserted struct {
			Node   string `json:"node-name"`
			File   string `json:"file"`
			Driver string `json:"drv"`
		} `json:"inserted"`
	}
	if err := monitor(virt, domain, "query-block", nil, &blocks); err != nil {
		return "", err
	}
	for _, block := range blocks {
		if block.Inserted.Driver == "qcow2" && filepath.Clean(block.Inserted.File) == path {
			return block.Inserted.Node, nil
		}
	}
	return "", fmt.Errorf("the QEMU of %s does not have %s open", domain.Name, path)
}

// monitor executes a QMP command (qemu's docs/interop/qmp-intro) and decodes what it
// returns, unless into is nil.
func monitor(virt *libvirt.Libvirt, domain libvirt.Domain, command string, arguments map[string]string, into any) error {
	type request struct {
		Execute   string            `json:"execute"`
		Arguments map[string]string `json:"arguments,omitempty"`
	}
	text, err := json.Marshal(request{command, arguments})
	if err != nil {
		return err
	}
	reply, err := virt.QEMUDomainMonitorCommand(domain, string(text), 0)
	if err != nil {
		return fmt.Errorf("%s on %s: %w", command, domain.Name, err)
	}
	var answer struct {
		Return json.RawMessage `json:"return"`
		Error  *struct {
			Text string `json:"desc"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(reply), &answer); err != nil {
		return fmt.Errorf("%s on %s: %w", command, domain.Name, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s on %s: %s", command, domain.Name, answer.Error.Text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Return, into)
}
