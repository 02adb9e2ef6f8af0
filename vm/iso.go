package vm

import (
	"encoding/binary"
	"unicode/utf16"
)

// isoFile is one file of an image; its name has at most 30 ASCII characters.
type isoFile struct {
	name string
	data []byte
}

// sector is the block size of ISO 9660.
const sector = 2048

// Where the fixed parts of our images lie, in sectors (ECMA-119, 6.2 and 8).
const (
	primarySector = 16 + iota
	jolietSector
	endSector
	pathSector         // four path tables: little and big-endian, primary and Joliet
	_                  // (big-endian)
	jolietPathSector   // (Joliet's)
	_                  // (big-endian)
	rootSector         // the root directory's records
	jolietRootSector   // the same with Joliet's names
	firstContentSector // the files
)

// isoTree is one of the image's two views of the same files.
type isoTree struct {
	descriptor byte   // volume descriptor type
	root, path uint32 // sectors
	escape     string // names Joliet's character set, level 3 (UCS-2)
	encode     func(name string) []byte
	suffix     string // ends file names; Joliet does without, as genisoimage writes it
}

// isoImage is a deterministic ISO 9660 image with Joliet names, holding the
// files in its root directory. The files must come sorted by name and fit, with
// their records, into one directory sector.
func isoImage(label string, files []isoFile) []byte {
	end := uint32(firstContentSector)
	for _, file := range files {
		end += sectorsOf(file.data)
	}
	image := make([]byte, int(end)*sector)
	for _, tree := range []isoTree{
		{1, rootSector, pathSector, "", func(name string) []byte { return []byte(name) }, ".;1"},
		{2, jolietRootSector, jolietPathSector, "%/E", ucs2, ""},
	} {
		tree.describe(image, label, end)
		tree.list(image[tree.root*sector:], files)
	}
	copy(image[endSector*sector:], "\xffCD001\x01")
	at := firstContentSector * sector
	for _, file := range files {
		copy(image[at:], file.data)
		at += int(sectorsOf(file.data)) * sector
	}
	return image
}

// describe writes the volume descriptor and the two path tables.
func (t isoTree) describe(image []byte, label string, end uint32) {
	d := image[(primarySector+uint32(t.descriptor)-1)*sector:][:sector]
	d[0] = t.descriptor
	copy(d[1:], "CD001\x01")
	for _, field := range [][2]int{{8, 40}, {40, 72}, {190, 318}, {318, 446}, {446, 574}, {574, 702}, {702, 739}, {739, 776}, {776, 813}} {
		t.pad(d[field[0]:field[1]])
	}
	copy(d[40:72], t.encode(label))
	both32(d[80:], end)
	copy(d[88:], t.escape)
	both16(d[120:], 1)      // volumes in the set
	both16(d[124:], 1)      // number of this one
	both16(d[128:], sector) // block size
	both32(d[132:], 10)     // path table's length
	binary.LittleEndian.PutUint32(d[140:], t.path)
	binary.BigEndian.PutUint32(d[148:], t.path+1)
	record(d[156:], t.root, sector, 2, []byte{0})
	for _, date := range []int{813, 830, 847, 864} {
		copy(d[date:date+16], "0000000000000000") // not specified
	}
	d[881] = 1 // version of the directory records

	little, big := image[t.path*sector:], image[(t.path+1)*sector:]
	little[0], big[0] = 1, 1
	binary.LittleEndian.PutUint32(little[2:], t.root)
	binary.BigEndian.PutUint32(big[2:], t.root)
	binary.LittleEndian.PutUint16(little[6:], 1)
	binary.BigEndian.PutUint16(big[6:], 1)
}

// list writes the records of the root directory: itself, its parent, the files.
func (t isoTree) list(directory []byte, files []isoFile) {
	at := record(directory, t.root, sector, 2, []byte{0})
	at += record(directory[at:], t.root, sector, 2, []byte{1})
	content := uint32(firstContentSector)
	for _, file := range files {
		at += record(directory[at:], content, uint32(len(file.data)), 0, t.encode(file.name+t.suffix))
		content += sectorsOf(file.data)
	}
}

// pad fills a text field with spaces in the tree's character set.
func (t isoTree) pad(field []byte) {
	blank := t.encode(" ")
	for i := range field {
		field[i] = blank[i%len(blank)]
	}
}

// record writes a directory record (ECMA-119, 9.1) and returns its length; the
// date stays zero, "not specified".
func record(to []byte, at, size uint32, flags byte, name []byte) int {
	length := (33 + len(name) + 1) &^ 1
	to[0] = byte(length)
	both32(to[2:], at)
	both32(to[10:], size)
	to[25] = flags
	both16(to[28:], 1)
	to[32] = byte(len(name))
	copy(to[33:], name)
	return length
}

func sectorsOf(data []byte) uint32 { return uint32((len(data) + sector - 1) / sector) }

func ucs2(name string) []byte {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(name)) {
		encoded = binary.BigEndian.AppendUint16(encoded, unit)
	}
	return encoded
}

// both32 and both16 write a number in both byte orders, as ISO 9660 wants it.
func both32(to []byte, n uint32) {
	binary.LittleEndian.PutUint32(to, n)
	binary.BigEndian.PutUint32(to[4:], n)
}

func both16(to []byte, n uint16) {
	binary.LittleEndian.PutUint16(to, n)
	binary.BigEndian.PutUint16(to[2:], n)
}
