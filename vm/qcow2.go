package vm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// qcow2 reads the metadata of a qcow2 image (qemu's docs/interop/qcow2.txt). Of an
// image that a guest writes to, what QEMU has not written back yet is missed.
type qcow2 struct {
	file    io.ReaderAt
	bits    uint32 // a cluster is 1<<bits bytes
	counts  []uint64
	entries int64 // reference counts in a block
}

// qcow2Header is the part of the header that we use, with its gaps.
type qcow2Header struct {
	Magic, Version uint32
	_              [12]byte // the backing file's place
	Bits           uint32
	_              [24]byte // size, encryption, the active L1 table
	CountsAt       uint64
	CountsClusters uint32
	Snapshots      uint32
	SnapshotsAt    uint64
	Incompatible   uint64
	_              [16]byte // features that change nothing for a reader
	Order          uint32
}

// qcow2Snapshot is the fixed part of an entry of the snapshot table.
type qcow2Snapshot struct {
	L1At                 uint64
	L1Size               uint32
	IDLength, NameLength uint16
	_                    [20]byte // dates and the size of a state
	ExtraLength          uint32
}

const (
	qcow2Magic   = 0x514649fb
	offsetMask   = 0x00fffffffffffe00 // of an entry in an L1, L2 or reference count table
	compressed   = 1 << 62            // of an entry in an L2 table
	extendedL2   = 1 << 4             // of the incompatible features
	sixteenBits  = 4                  // the order of the counts that QEMU makes
	largestTable = 64 << 20           // bytes; more is a broken image
)

var errQcow2Unknown = errors.New("a qcow2 image of a kind that wiabctl does not make")

// heldBySnapshot is how many bytes of the image only its snapshot of this name holds,
// which deleting it gives back.
func heldBySnapshot(path, name string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	held, err := holding(file, name)
	if err != nil {
		return 0, fmt.Errorf("what %s holds of %s: %w", path, name, err)
	}
	return held, nil
}

func holding(file io.ReaderAt, name string) (int64, error) {
	var header qcow2Header
	if err := readAt(file, 0, &header); err != nil {
		return 0, err
	}
	if header.Magic != qcow2Magic || header.Version != 3 || header.Order != sixteenBits || header.Incompatible&extendedL2 != 0 || header.Bits < 9 || header.Bits > 21 {
		return 0, errQcow2Unknown
	}
	image := &qcow2{file: file, bits: header.Bits, entries: 1 << (header.Bits - 1)}
	var err error
	if image.counts, err = image.table(header.CountsAt, int64(header.CountsClusters)<<header.Bits/8); err != nil {
		return 0, err
	}
	l1At, l1Size, err := image.snapshot(header, name)
	if err != nil {
		return 0, err
	}
	return image.exclusive(l1At, l1Size)
}

// snapshot finds the L1 table of the snapshot of this name.
func (q *qcow2) snapshot(header qcow2Header, name string) (at uint64, size int64, err error) {
	next := int64(header.SnapshotsAt)
	for range header.Snapshots {
		var entry qcow2Snapshot
		if err := readAt(q.file, next, &entry); err != nil {
			return 0, 0, err
		}
		fixed := int64(binary.Size(entry))
		text := make([]byte, entry.NameLength)
		if _, err := q.file.ReadAt(text, next+fixed+int64(entry.ExtraLength)+int64(entry.IDLength)); err != nil {
			return 0, 0, err
		}
		if string(text) == name {
			return entry.L1At, int64(entry.L1Size), nil
		}
		next += fixed + int64(entry.ExtraLength) + int64(entry.IDLength) + int64(entry.NameLength)
		next = (next + 7) &^ 7
	}
	return 0, 0, fmt.Errorf("there is no snapshot %s in it", name)
}

// exclusive counts the clusters below an L1 table that nothing else refers to.
func (q *qcow2) exclusive(l1At uint64, l1Size int64) (int64, error) {
	tables, err := q.table(l1At, l1Size)
	if err != nil {
		return 0, err
	}
	var clusters int64
	blocks := map[uint64][]byte{}
	for _, table := range tables {
		if table&offsetMask == 0 {
			continue
		}
		data, err := q.table(table&offsetMask, 1<<q.bits/8)
		if err != nil {
			return 0, err
		}
		for _, entry := range append(data, table&offsetMask) {
			if entry&compressed != 0 || entry&offsetMask == 0 {
				continue
			}
			count, err := q.count(entry&offsetMask, blocks)
			if err != nil {
				return 0, err
			}
			if count == 1 {
				clusters++
			}
		}
	}
	return clusters << q.bits, nil
}

// count is how often the cluster at an offset is referred to.
func (q *qcow2) count(offset uint64, blocks map[uint64][]byte) (uint16, error) {
	cluster := int64(offset >> q.bits)
	index := cluster / q.entries
	if index >= int64(len(q.counts)) {
		return 0, nil
	}
	at := q.counts[index] & offsetMask
	if at == 0 {
		return 0, nil
	}
	block, ok := blocks[at]
	if !ok {
		block = make([]byte, 1<<q.bits)
		if _, err := q.file.ReadAt(block, int64(at)); err != nil {
			return 0, err
		}
		blocks[at] = block
	}
	return binary.BigEndian.Uint16(block[cluster%q.entries*2:]), nil
}

// table reads a table of big-endian 64 bit numbers.
func (q *qcow2) table(at uint64, size int64) ([]uint64, error) {
	if size < 0 || size > largestTable/8 {
		return nil, fmt.Errorf("a table of %d entries: %w", size, errQcow2Unknown)
	}
	table := make([]uint64, size)
	return table, readAt(q.file, int64(at), table)
}

func readAt(file io.ReaderAt, at int64, into any) error {
	return binary.Read(io.NewSectionReader(file, at, int64(binary.Size(into))), binary.BigEndian, into)
}
