package registry

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// prefix is where the API server keeps everything.
const prefix = "/registry/"

// meaningless is what comes and goes by itself and what nobody misses.
var meaningless = []string{"leases/", "masterleases/", "events/"}

// entry is one key of etcd.
type entry struct {
	Key   string
	Value []byte
}

// meaningful tells whether a key is part of what makes the cluster.
func meaningful(key string) bool {
	rest, ok := strings.CutPrefix(key, prefix)
	for _, m := range meaningless {
		ok = ok && !strings.HasPrefix(rest, m)
	}
	return ok
}

// generation names a dump. An empty one is what a keeper begins with.
func generation(dump []byte) string {
	sum := sha256.Sum256(dump)
	return hex.EncodeToString(sum[:])
}

// pack makes a dump. Equal entries make equal dumps.
func pack(entries []entry) ([]byte, error) {
	var dump bytes.Buffer
	z, err := gzip.NewWriterLevel(&dump, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(gob.NewEncoder(z).Encode(entries), z.Close()); err != nil {
		return nil, fmt.Errorf("pack etcd's content: %w", err)
	}
	return dump.Bytes(), nil
}

// unpack is pack's inverse; an empty dump has no entries.
func unpack(dump []byte) ([]entry, error) {
	if len(dump) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(dump))
	if err != nil {
		return nil, fmt.Errorf("unpack etcd's content: %w", err)
	}
	var entries []entry
	err = gob.NewDecoder(z).Decode(&entries)
	if err == nil {
		_, err = io.Copy(io.Discard, z) // up to the checksum
	}
	if err != nil {
		return nil, fmt.Errorf("unpack etcd's content: %w", err)
	}
	return entries, nil
}
