package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"wiabctl/provision/change"
)

// transfer is a download under way: what came so far, in all attempts and all runs.
type transfer struct {
	Download
	*growing
	note     note
	turn     int           // which URL is asked next
	dead     map[int]error // the URLs that have said no for good, and how
	furthest int64         // the most that any attempt reached
	advanced time.Time     // when furthest last grew
	meter    meter
}

// begin takes up what an earlier run left.
func (d Download) begin(ctx context.Context, say change.Progress) (*transfer, error) {
	if d.Patience == 0 {
		d.Patience = patience
	}
	g, err := grow(ctx, d.Cache.part(d.Name))
	if err != nil {
		return nil, fmt.Errorf("keep the %s: %w", d.What, err)
	}
	t := &transfer{
		Download: d, growing: g, note: readNote(d.Cache.note(d.Name)), dead: map[int]error{},
		furthest: g.have, advanced: time.Now(), meter: meter{what: "download " + d.What, say: say},
	}
	if t.have > 0 {
		say.Sayf("%s of the %s are there from an earlier run", amount(float64(t.have)), d.What)
	}
	return t, nil
}

// close leaves what may be of use later, and nothing else.
func (t *transfer) close() {
	_ = t.file.Close() // it was synced where that matters
	if t.have == 0 {
		_ = t.Cache.drop(t.Name) // an empty file does no harm
	}
}

// bring transfers the file to its end, verifies it and brings it to the disk.
func (t *transfer) bring(ctx context.Context) error {
	wait := change.Condition{
		Description: fmt.Sprintf("%s from %s", t.What, redacted(t.URLs[0])),
		Deadline:    longest,
		Interval:    250 * time.Millisecond,
		Check:       t.attempt,
	}
	switch err := wait.Await(ctx, t.meter.say); {
	case err == nil:
	case change.Left(ctx) != nil:
		return change.Left(ctx)
	case full(err), errors.Is(err, NoSpace.Failf("")):
		return errors.Join(NoSpace.Failf("the %s does not fit into %s: %w", t.What, t.Cache.Dir, err), t.void())
	default:
		return DownloadFailed.Failf("%w", err)
	}
	if err := t.verify(); err != nil {
		return err
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("bring the %s to the disk: %w", t.What, err)
	}
	return nil
}

// attempt goes on from what is there to the end. What can't be cured by trying
// again, or didn't get further for too long, ends the download.
func (t *transfer) attempt(ctx context.Context) error {
	err := t.pull(ctx)
	local := (*fs.PathError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &local), errors.Is(err, NoSpace.Failf("")): // our own files, not the source's
		return change.Never(err)
	case errors.Is(err, errShrunk):
		return errors.Join(err, t.void())
	case refused(err):
		if !t.another(err) {
			return change.Never(t.refusals())
		}
		return err
	case time.Since(t.advanced) > t.Patience:
		return change.Never(fmt.Errorf("got no further for %s: %w", t.Patience, err))
	default:
		t.next()
		return err
	}
}

// another gives up the URL whose turn it is, and tells whether there is one left.
func (t *transfer) another(err error) bool {
	t.dead[t.turn] = fmt.Errorf("%s: %w", redacted(t.URLs[t.turn]), err)
	if len(t.dead) == len(t.URLs) {
		return false
	}
	t.next()
	return true
}

// next lets another URL have its turn.
func (t *transfer) next() {
	for {
		t.turn = (t.turn + 1) % len(t.URLs)
		if t.dead[t.turn] == nil {
			return
		}
	}
}

// refusals are all that was said no for.
func (t *transfer) refusals() error {
	var all []error
	for i := range t.URLs {
		all = append(all, t.dead[i])
	}
	return errors.Join(all...)
}

// errStalled ends an attempt whose server has fallen silent.
var errStalled = errors.New("the server has stopped sending")

// pull opens the source and copies it to the end.
func (t *transfer) pull(ctx context.Context) error {
	if t.whole() {
		return nil // it was, before we were killed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := t.Patience / 3 // so that patience holds for another attempt
	stall := time.AfterFunc(silence, func() { cancel(errStalled) })
	defer stall.Stop()

	src, err := t.open(ctx)
	if err != nil {
		return because(ctx, err)
	}
	defer src.Close()
	from := alive{until{ctx, src}, func() { stall.Reset(silence) }}
	if src.start != t.have {
		err = t.compare(from)
	}
	if err == nil {
		_, err = io.CopyBuffer(onlyWriter{t}, from, make([]byte, block))
	}
	if err == nil && src.total > 0 && t.have != src.total {
		err = io.ErrUnexpectedEOF
	}
	return because(ctx, err)
}

// block is how many bytes are moved at once.
const block = 1 << 20

// whole tells whether all came already.
func (t *transfer) whole() bool { return t.note.Total > 0 && t.have == t.note.Total }

// open asks the URL whose turn it is for what is missing, or for all where nothing
// says that it would be of the same file.
func (t *transfer) open(ctx context.Context) (*source, error) {
	url := t.URLs[t.turn]
	ask := span{from: t.have}
	want, err := t.Digest()
	switch {
	case err != nil:
		return nil, &refusal{err}
	case t.note.of(url) && t.note.Validator != "":
		ask.validator = t.note.Validator
	case want == "": // nothing would notice a mixture
		ask.from = 0
	}
	src, err := open(ctx, url, ask)
	if err != nil {
		return nil, err
	}
	if src.total > 0 {
		if err := t.fits(src.total); err != nil {
			return nil, errors.Join(err, src.Close())
		}
	}
	t.expect(src.total)
	t.meter.total = src.total
	if now := (note{URL: digest(url), Validator: src.validator, Total: src.total}); now != t.note {
		t.note = now
		if err := now.write(t.Cache.note(t.Name)); err != nil {
			return nil, errors.Join(err, src.Close())
		}
	}
	return src, nil
}

// fits refuses a file for which there is no room.
func (t *transfer) fits(total int64) error {
	left, err := room(t.Cache.Dir)
	if err == nil && total-t.have > left {
		err = NoSpace.Failf("%s are still to come and %s are free", amount(float64(total-t.have)), amount(float64(left)))
	}
	return err
}

// compare reads again what is there already, and forgets what is there from where on
// it differs.
func (t *transfer) compare(from io.Reader) error {
	theirs, ours := make([]byte, block), make([]byte, block)
	for at := int64(0); at < t.have; {
		n, err := io.ReadFull(from, theirs[:min(block, t.have-at)])
		if _, err := t.file.ReadAt(ours[:n], at); err != nil {
			return err
		}
		if same := common(theirs[:n], ours[:n]); same < n {
			if err := t.cut(at + int64(same)); err != nil {
				return err
			}
			_, err := t.Write(theirs[same:n])
			return err
		}
		at += int64(n)
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return t.cut(at) // it is shorter by now
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// common is how many bytes two slices of one length begin with alike.
func common(a, b []byte) int {
	if bytes.Equal(a, b) {
		return len(a)
	}
	n := 0
	for a[n] == b[n] {
		n++
	}
	return n
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

// onlyWriter hides what would make io.Copy choose another buffer.
type onlyWriter struct{ io.Writer }

// Write takes the next bytes.
func (t *transfer) Write(p []byte) (int, error) {
	n, err := t.growing.Write(p)
	if t.have > t.furthest {
		t.furthest, t.advanced = t.have, time.Now()
	}
	t.meter.at(t.have)
	return n, err
}

// verify compares the digest of what came with what it has to be.
func (t *transfer) verify() error {
	sum, from := t.digest(), redacted(t.URLs[t.turn])
	want, err := t.Digest()
	if err != nil || want == "" || want == sum {
		return err
	}
	if t.SHA256 != "" || t.Bundle.Dir != "" {
		return ArtifactDigest.Failf("%s from %s has sha256 %s, and should have %s", t.What, from, sum, want)
	}
	known, err := t.Pins.get(t.Name)
	if err != nil {
		return err
	}
	return DigestChanged.Failf("%s from %s has sha256 %s; what came from %s at %s had %s",
		t.What, from, sum, known.URL, known.When.Local().Format(time.DateTime), known.SHA256)
}

// complete tells whether all came, and is what it has to be.
func (t *transfer) complete() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Is(t.end, io.EOF)
}

// keep gives the file its place, and remembers its digest before: so a download whose
// end was not seen is known by it.
func (t *transfer) keep() error {
	now := pin{SHA256: t.digest(), Size: t.have, URL: redacted(t.URLs[t.turn]), When: time.Now().UTC()}
	if known, err := t.Pins.get(t.Name); err != nil || known == nil || known.SHA256 != now.SHA256 {
		if err := errors.Join(err, t.Pins.set(t.Name, now)); err != nil {
			return err
		}
	}
	return t.Cache.keep(t.Name, now.SHA256)
}

// void forgets all that came, for it is of no use.
func (t *transfer) void() error {
	t.tell(func() { t.end, t.reader = nil, nil })
	t.note, t.furthest, t.advanced = note{}, 0, time.Now()
	return t.cut(0)
}
