package vm

import "wiabctl/provision/change"

// What can go wrong with snapshots; exit codes 80 to 85.
var (
	SnapshotExists = change.Kind{
		ID: "snapshot-exists", Exit: 80,
		Means:  "there is a snapshot of this name already",
		Advice: "choose another name, or delete that one first: wiabctl snapshot delete NAME",
	}
	SnapshotUnknown = change.Kind{
		ID: "snapshot-unknown", Exit: 81,
		Means:  "there is no snapshot of this name",
		Advice: "see which there are: wiabctl snapshot list",
	}
	SnapshotDisksChanged = change.Kind{
		ID: "snapshot-disks-changed", Exit: 82,
		Means:  "disks of the VMs are not those that the snapshot was taken of",
		Advice: "a snapshot lives in the very disks it was taken of; bring them back, or delete it and take a new one. Nothing was touched",
	}
	SnapshotIncomplete = change.Kind{
		ID: "snapshot-incomplete", Exit: 83,
		Means:  "the snapshot is not whole, so nothing can be restored from it",
		Advice: "making or deleting it was interrupted; all it is good for is to be deleted: wiabctl snapshot delete NAME",
	}
	SnapshotRefused = change.Kind{
		ID: "snapshot-refused", Exit: 84,
		Means:  "the VMs are in no state in which snapshots can be taken or restored",
		Advice: "mend what is named above, then run the same command again; `wiabctl up` starts and resumes VMs",
	}
	SnapshotHalfRestored = change.Kind{
		ID: "snapshot-half-restored", Exit: 85,
		Means:  "restoring a snapshot was interrupted, and some disks are back while others are not",
		Advice: "run `wiabctl snapshot restore NAME` again: until then the disks are of different times",
		Breaks: "the VMs do not fit each other: their disks are of different times", Command: "wiabctl snapshot list",
	}
)

func snapshotKinds() []change.Kind {
	return []change.Kind{SnapshotExists, SnapshotUnknown, SnapshotDisksChanged, SnapshotIncomplete, SnapshotRefused, SnapshotHalfRestored}
}
