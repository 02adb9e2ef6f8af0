package cmd

import (
	"io"
	"net/http"
	"os"
	"time"
)

// halves serves a file over HTTP as long as its parent lives: the first half at once, the second once somebody made another
// file.
func halves(address, file, until string) {
	go func() { panic(http.ListenAndServe(address, halved{file, until})) }() //nolint:gosec // a client of ours, on this machine
	parent := os.Getppid()
	for range time.Tick(100 * time.Millisecond) {
		if os.Getppid() != parent {
			return
		}
	}
}

// halved answers each request with the file.
type halved struct{ file, until string }

func (h halved) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open(h.file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", info.ModTime(), &halting{file: file, half: info.Size() / 2, until: h.until, client: r})
}

// halting is a file whose reader has to wait in the middle.
type halting struct {
	file     *os.File
	at, half int64
	until    string
	client   *http.Request
}

func (h *halting) Seek(offset int64, whence int) (at int64, err error) {
	h.at, err = h.file.Seek(offset, whence)
	return h.at, err
}

func (h *halting) Read(p []byte) (n int, err error) {
	if h.at < h.half {
		p = p[:min(int64(len(p)), h.half-h.at)]
	} else if err := h.wait(); err != nil {
		return 0, err
	}
	n, err = h.file.Read(p)
	h.at += int64(n)
	return n, err
}

func (h *halting) wait() error {
	for {
		if _, err := os.Stat(h.until); err == nil {
			return nil
		}
		select {
		case <-h.client.Context().Done():
			return io.ErrUnexpectedEOF
		case <-time.After(10 * time.Millisecond):
		}
	}
}
