package vm

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"wiabctl/provision/change"
)

// transcript reads what a machine's serial console prints from a moment on. libvirt
// appends to the file, and begins it anew when it has grown large.
type transcript struct {
	path   string
	offset int64
	rest   []byte // the end of what was read, which a word may begin in
}

// transcribe begins at the console's present end.
func transcribe(path string) (*transcript, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &transcript{path: path}, nil
	}
	if err != nil {
		return nil, err
	}
	return &transcript{path: path, offset: info.Size()}, nil
}

// kernelPanic is how Linux says that it has given up (kernel/panic.c).
const kernelPanic = "Kernel panic - not syncing"

// panicked says whether the kernel gave up in what was printed since the last call.
// A console that cannot be read says nothing.
func (t *transcript) panicked() bool {
	text, err := t.more()
	if err != nil {
		return false
	}
	text = append(t.rest, text...)
	t.rest = bytes.Clone(text[max(0, len(text)-len(kernelPanic)):])
	return bytes.Contains(text, []byte(kernelPanic))
}

// more reads what is new.
func (t *transcript) more() ([]byte, error) {
	file, err := os.Open(t.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < t.offset {
		t.offset = 0
	}
	text, err := io.ReadAll(io.NewSectionReader(file, t.offset, info.Size()-t.offset))
	t.offset += int64(len(text))
	return text, err
}

// consoleTail is the end of what the serial console printed, ready to follow a
// cause; control characters are left out.
func consoleTail(path string) string {
	const lines, most = 15, 16 << 10
	text, err := ending(path, most)
	if err != nil || len(text) == 0 {
		return " (its console is silent)"
	}
	all := strings.Split(strings.TrimSpace(change.Printable(string(text))), "\n")
	return "; its console ends:\n  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// ending reads at most the last bytes of a file.
func ending(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, max(0, info.Size()-most), most))
}
