package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// payload is a file that a copy task may send.
type payload struct {
	data   []byte
	digest string
}

// loadPayloads reads the files of the play's copy tasks, by task index.
func loadPayloads(tasks []task) (map[int]payload, error) {
	all := map[int]payload{}
	for i, t := range tasks {
		if t.Copy == nil {
			continue
		}
		data, err := t.Copy.read()
		if err != nil {
			return nil, fmt.Errorf("task %q: %w", t.Name, err)
		}
		sum := sha256.Sum256(data)
		all[i] = payload{data: data, digest: hex.EncodeToString(sum[:])}
	}
	return all, nil
}

// read gives the file's content, out of its archive if it has one.
func (c *copyFile) read() ([]byte, error) {
	if c.Member == "" {
		return os.ReadFile(c.Src)
	}
	f, err := os.Open(c.Src)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	archive := tar.NewReader(f)
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s has no member %s", c.Src, c.Member)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Src, err)
		}
		if head.Name == c.Member {
			return io.ReadAll(archive)
		}
	}
}

// send writes the payloads whose digest the host does not have as a tar stream.
func send(w io.Writer, payloads map[int]payload, have map[int]string) error {
	archive := tar.NewWriter(w)
	for i, p := range payloads {
		if have[i] == p.digest {
			continue
		}
		head := &tar.Header{Name: fmt.Sprint(i), Mode: 0o600, Size: int64(len(p.data))}
		if err := archive.WriteHeader(head); err != nil {
			return err
		}
		if _, err := archive.Write(p.data); err != nil {
			return err
		}
	}
	return archive.Close()
}
