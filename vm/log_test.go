package vm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTyped(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"to the end", "ls\r", "ls\r"},
		{"to Ctrl-]", "ls\r\x1drm\r", "ls\r"},
		{"Ctrl-C is the guest's", "\x03", "\x03"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var console bytes.Buffer
			if err := typed(&console, strings.NewReader(tc.in)); err != nil || console.String() != tc.want {
				t.Errorf("got %q (%v), want %q", console.String(), err, tc.want)
			}
		})
	}
}

func TestLog(t *testing.T) {
	room := &Room{Machines: small().Machines("test", subnet), Console: t.TempDir()}
	var out bytes.Buffer
	if err := room.Log(context.Background(), "kubenode1", false, &out); !errors.Is(err, Missing.Failf("")) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no log: %v, want a Failure of kind %s", err, Missing.ID)
	}
	path := filepath.Join(room.Console, "kubenode1.log")
	if err := os.WriteFile(path, []byte("\x1b[2Jboot\u009b2J\x9b\r\n\tüber\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := room.Log(context.Background(), "kubenode1", false, &out); err != nil || out.String() != "[2Jboot2J?\n\tüber\n" {
		t.Errorf("got %q (%v)", out.String(), err)
	}
}

// A character may come in pieces.
func TestPlainWriter(t *testing.T) {
	text := "ü€\U0001f600\u009b!\xff."
	for size := 1; size < len(text); size++ {
		var out bytes.Buffer
		plain := &plainWriter{out: &out}
		for piece := range slices.Chunk([]byte(text), size) {
			if n, err := plain.Write(piece); n != len(piece) || err != nil {
				t.Fatal(n, err)
			}
		}
		if out.String() != "ü€\U0001f600!?." {
			t.Errorf("in pieces of %d: %q", size, out.String())
		}
	}
}

// Following goes on with what is added, over to a new file, and back to the
// beginning of one that was cut.
func TestLogFollows(t *testing.T) {
	room := &Room{Machines: small().Machines("test", subnet), Console: t.TempDir()}
	path := filepath.Join(room.Console, "kubenode1.log")
	write := func(flags int, text string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flags, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(0, "one\n")
	read, shown := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- room.Log(ctx, "kubenode1", true, shown) }()
	next := make(chan string)
	go func() {
		buffer := make([]byte, 100)
		for {
			n, err := read.Read(buffer)
			if err != nil {
				return
			}
			if n > 0 {
				next <- string(buffer[:n])
			}
		}
	}()
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-next:
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q does not come", want)
		}
	}
	expect("one\n")
	write(os.O_APPEND, "two\n")
	expect("two\n")
	if err := os.Rename(path, path+".0"); err != nil {
		t.Fatal(err)
	}
	write(0, "three\n")
	expect("three\n")
	write(os.O_TRUNC, "4\n")
	expect("4\n")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("to stop following: %v", err)
	}
}
