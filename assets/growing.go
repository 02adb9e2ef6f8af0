package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"sync"
)

// growing is a file on its way: one writes to its end, another may read behind it. The
// reader takes what it reads from the file, that is from the kernel's memory: so the
// network never waits for it, and what is lost when we are killed is next to nothing.
type growing struct {
	file *os.File
	sum  hash.Hash

	mu     sync.Mutex
	moved  *sync.Cond
	have   int64   // bytes in file and sum
	total  int64   // how many it will be; 0 if unknown
	end    error   // io.EOF once it is whole, another error if it will never be
	reader *behind // nil if nobody reads
}

// grow takes the file as it is and continues it, once all of it is in the digest.
func grow(ctx context.Context, path string) (*growing, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	g := &growing{file: file, sum: sha256.New()}
	g.moved = sync.NewCond(&g.mu)
	have, err := io.CopyBuffer(onlyWriter{g.sum}, until{ctx, file}, make([]byte, block))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	g.have = have
	return g, nil
}

// Write takes the next bytes. Its errors are the file's, never the network's.
func (g *growing) Write(p []byte) (int, error) {
	n, err := g.file.WriteAt(p, g.have)
	g.sum.Write(p[:n])
	g.tell(func() { g.have += int64(n) })
	return n, err
}

// cut forgets what came behind a byte.
func (g *growing) cut(at int64) error {
	g.tell(func() {
		g.have = at
		if g.reader != nil && g.reader.at > at {
			g.reader.void = true
		}
	})
	g.sum.Reset()
	if err := g.file.Truncate(at); err != nil {
		return err
	}
	_, err := io.Copy(g.sum, io.NewSectionReader(g.file, 0, at))
	return err
}

// expect is told how large the file will be.
func (g *growing) expect(total int64) { g.tell(func() { g.total = total }) }

// finish tells the reader that no more comes: nil if it is whole.
func (g *growing) finish(err error) {
	if err == nil {
		err = io.EOF
	}
	g.tell(func() { g.end = err })
}

// tell changes what the reader sees.
func (g *growing) tell(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	g.moved.Broadcast()
}

// size is how large the file will be; 0 if unknown.
func (g *growing) size() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

// digest is that of what came so far.
func (g *growing) digest() string { return hex.EncodeToString(g.sum.Sum(nil)) }

// errAnew says that the server has begun another file: what was read of it is void.
var errAnew = errors.New("the file began anew")

// behind reads a growing file from its first byte on and waits for what is to come.
type behind struct {
	*growing
	ctx  context.Context // a Reader has no other way to hear of the end
	at   int64
	void bool
}

// follow begins to read; only one may at a time. Let go of it by stop.
func (g *growing) follow(ctx context.Context) (r *behind, stop func() bool) {
	r = &behind{growing: g, ctx: ctx}
	g.tell(func() { g.reader = r })
	return r, context.AfterFunc(ctx, func() { g.tell(func() {}) })
}

// Read waits for at least one byte.
func (b *behind) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.ctx.Err() != nil:
			return 0, context.Cause(b.ctx)
		case b.void:
			return 0, errAnew
		case b.have > b.at: // read under the lock, or it might be cut meanwhile
			n, err := b.file.ReadAt(p[:min(int64(len(p)), b.have-b.at)], b.at)
			b.at += int64(n)
			return n, err
		case b.end != nil:
			return 0, b.end
		}
		b.moved.Wait()
	}
}
