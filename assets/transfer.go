package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"time"

	"wiabctl/provision/change"
)

// transfer is a download under way: what came so far, over all attempts.
type transfer struct {
	Download
	file      *os.File
	sum       hash.Hash
	have      int64     // bytes in file and sum
	furthest  int64     // the most that any attempt reached
	advanced  time.Time // when furthest last grew
	validator string    // proves to the server that it is still the same file
	meter     meter
}

// begin opens an empty part file.
func begin(d Download, say change.Progress) (*transfer, error) {
	file, err := os.OpenFile(d.part(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("keep the %s: %w", d.What, err)
	}
	return &transfer{
		Download: d, file: file, sum: sha256.New(), advanced: time.Now(),
		meter: meter{what: "download " + d.What, say: say},
	}, nil
}

// attempt goes on from what is there to the end. What can't be cured by trying
// again, or didn't get further for too long, ends the download.
func (t *transfer) attempt(ctx context.Context) error {
	err := t.pull(ctx)
	switch {
	case err == nil:
		return nil
	case permanent(err):
		return change.Never(err)
	case time.Since(t.advanced) > t.Patience:
		return change.Never(fmt.Errorf("got no further for %s: %w", t.Patience, err))
	default:
		return err
	}
}

// errStalled ends an attempt whose server has fallen silent.
var errStalled = errors.New("the server has stopped sending")

// pull opens the source and copies it to the end.
func (t *transfer) pull(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := t.Patience / 3 // so that patience holds for another attempt
	stall := time.AfterFunc(silence, func() { cancel(errStalled) })
	defer stall.Stop()

	src, err := open(ctx, t.URL, t.have, t.validator)
	if err != nil {
		return because(ctx, err)
	}
	defer src.Close()
	if src.start != t.have {
		if err := t.restart(); err != nil {
			return err
		}
	}
	t.validator = src.validator
	t.meter.total = src.total
	_, err = io.Copy(t, alive{until{ctx, src}, func() { stall.Reset(silence) }})
	if err == nil && src.total > 0 && t.have != src.total {
		err = io.ErrUnexpectedEOF
	}
	return because(ctx, err)
}

// because prefers the reason of a cancelled context to what it led to.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// alive calls beat at every read that brings something.
type alive struct {
	io.Reader
	beat func()
}

func (a alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.beat()
	}
	return n, err
}

// Write takes the next bytes.
func (t *transfer) Write(p []byte) (int, error) {
	n, err := t.file.Write(p)
	t.sum.Write(p[:n])
	t.have += int64(n)
	if t.have > t.furthest {
		t.furthest, t.advanced = t.have, time.Now()
	}
	t.meter.at(t.have)
	return n, err
}

// restart forgets what came, since the server begins anew.
func (t *transfer) restart() error {
	t.have = 0
	t.sum.Reset()
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return t.file.Truncate(0)
}

// finish brings the file to the disk and returns its digest.
func (t *transfer) finish() (string, error) {
	if err := errors.Join(t.file.Sync(), t.file.Close()); err != nil {
		return "", t.explain(err)
	}
	return hex.EncodeToString(t.sum.Sum(nil)), nil
}

// permanent tells whether trying again is of no use: a refusal, or a trouble
// with our own files.
func permanent(err error) bool {
	var local *fs.PathError
	return refused(err) || errors.As(err, &local)
}
