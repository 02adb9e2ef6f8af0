package vm

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A guest is a program in a disk's first sector, which the firmware starts.
type guest []byte

// says writes the text to the serial console and then does the rest.
func says(text string, rest guest) guest {
	printing := guest{
		0x31, 0xC0, // xor ax, ax
		0x8E, 0xD8, // mov ds, ax
		0xBE, 0x00, 0x7D, // mov si, 0x7D00: where the text stands
		0xBA, 0xF8, 0x03, // mov dx, 0x3F8: the first serial port
		0xAC,       // lodsb
		0x84, 0xC0, // test al, al
		0x74, 0x03, // jz rest
		0xEE,       // out dx, al
		0xEB, 0xF8, // jmp lodsb
	}
	program := append(bytes.Clone(printing), rest...)
	return append(append(program, make([]byte, 256-len(program))...), text...)
}

// The ways in which a guest goes on.
func halts() guest  { return guest{0xFA, 0xF4} }                                     // cli; hlt
func resets() guest { return guest{0xB0, 0xFE, 0xE6, 0x64, 0xF4} }                   // the keyboard controller's reset line
func panics() guest { return guest{0xBA, 0x05, 0x05, 0xB0, 0x01, 0xEE, 0xFA, 0xF4} } // pvpanic's port, 0x505: panicked

// boots makes the guest what all machines start from.
func (g *guests) boots(t *testing.T, program guest) {
	t.Helper()
	sector := make([]byte, 16<<20)
	copy(sector[:510], program)
	sector[510], sector[511] = 0x55, 0xAA
	raw := filepath.Join(t.TempDir(), "raw")
	if err := os.WriteFile(raw, sector, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, g.base)
}
