package cmd

import (
	"fmt"
	"io"
	"time"

	"wiabctl/provision"
)

// snapshotLine is a snapshot as programs read it.
type snapshotLine struct {
	Name        string     `json:"name"`
	Created     *time.Time `json:"created,omitempty"` // none when it is incomplete
	Memory      bool       `json:"memory"`
	MemoryBytes int64      `json:"memory_bytes"`
	DiskBytes   int64      `json:"disk_bytes"` // what deleting it frees in the disks
	Description string     `json:"description,omitempty"`
	Restorable  bool       `json:"restorable"`
	Problem     string     `json:"problem,omitempty"` // why it cannot be restored
}

// renderSnapshots lists snapshots, one a line.
func (o *options) renderSnapshots(out io.Writer, all []provision.Snapshot) error {
	if o.output == "json" {
		var lines []snapshotLine
		for _, s := range all {
			lines = append(lines, lineOf(s))
		}
		return encode(out, lines...)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "there are no snapshots")
		return err
	}
	table := tableOf(out)
	fmt.Fprintln(table, "NAME\tTAKEN\tMEMORY\tSIZE\tSTATE\tDESCRIPTION")
	for _, s := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, taken(s), memory(s), size(s), state(s), s.Description)
	}
	return table.Flush()
}

func lineOf(s provision.Snapshot) snapshotLine {
	line := snapshotLine{Name: s.Name, Memory: s.Memory, MemoryBytes: s.MemoryBytes, DiskBytes: s.DiskBytes, Description: s.Description, Restorable: s.Problem == "", Problem: s.Problem}
	if s.Complete {
		line.Created = &s.Created
	}
	return line
}

func taken(s provision.Snapshot) string {
	if !s.Complete {
		return "-"
	}
	return s.Created.Local().Format(time.DateTime)
}

func memory(s provision.Snapshot) string {
	if s.MemoryBytes == 0 {
		return "no"
	}
	return "yes"
}

// size is what deleting the snapshot gives back.
func size(s provision.Snapshot) string {
	return fmt.Sprintf("%.1f MiB", float64(s.MemoryBytes+s.DiskBytes)/(1<<20))
}

func state(s provision.Snapshot) string {
	if s.Problem == "" {
		return "restorable"
	}
	return s.Problem
}
