package registry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// fakeContent is an etcd whose content is one text.
type fakeContent struct {
	text    string
	changed chan struct{}
	dumps   int
}

func (c *fakeContent) set(text string) {
	c.text = text
	c.changed <- struct{}{}
}

func (c *fakeContent) dump(context.Context) ([]byte, error) {
	c.dumps++
	return []byte(c.text), nil
}

func (c *fakeContent) load(_ context.Context, dump []byte) error {
	c.text = string(dump)
	return nil
}

func (c *fakeContent) watch(ctx context.Context, changed chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.changed:
			changed <- struct{}{}
		}
	}
}

// fakeDisk is a keeper that can be down or lose its answers.
type fakeDisk struct {
	text       string
	down, mute bool
}

var errNode = errors.New("the node does not answer")

func (d *fakeDisk) generation(context.Context) (string, error) {
	if d.down {
		return "", errNode
	}
	return generation([]byte(d.text)), nil
}

func (d *fakeDisk) get(context.Context) ([]byte, error) {
	if d.down {
		return nil, errNode
	}
	return []byte(d.text), nil
}

func (d *fakeDisk) put(_ context.Context, dump []byte, over string) error {
	if d.down || over != generation([]byte(d.text)) {
		return errNode
	}
	d.text = string(dump)
	if d.mute {
		d.down = true
		return errNode
	}
	return nil
}

// follows runs do beside a follower, in a time of its own, and returns how
// following ended.
func follows(t *testing.T, dir string, content *fakeContent, disk *fakeDisk, do func()) (end error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		content.changed = make(chan struct{})
		f, err := newFollower(dir, content, disk)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Follow(ctx) }()
		do()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		cancel()
		end = <-ended
		if err := f.Restore(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return end
}

// both tells what etcd and the disk hold in the end.
func both(t *testing.T, content *fakeContent, disk *fakeDisk, want string) {
	t.Helper()
	if content.text != want || disk.text != want {
		t.Errorf("etcd holds %q and the disk %q, want %q", content.text, disk.text, want)
	}
}

func TestDiskFollows(t *testing.T) {
	content, disk := &fakeContent{}, &fakeDisk{}
	end := follows(t, t.TempDir(), content, disk, func() {
		content.set("one")
		time.Sleep(200 * time.Millisecond)
		if content.set("two"); disk.text != "" {
			t.Errorf("without a rest the disk holds %q", disk.text)
		}
		time.Sleep(310 * time.Millisecond)
		if synctest.Wait(); disk.text != "two" {
			t.Errorf("after a rest the disk holds %q", disk.text)
		}
	})
	if !errors.Is(end, context.Canceled) {
		t.Errorf("following ended by %v", end)
	}
	both(t, content, disk, "two")
}

func TestDiskFollowsWithoutRest(t *testing.T) {
	content, disk := &fakeContent{}, &fakeDisk{}
	_ = follows(t, t.TempDir(), content, disk, func() {
		for i := range 100 {
			content.set(string(rune('0' + i)))
			time.Sleep(100 * time.Millisecond)
			if synctest.Wait(); i == 20 && disk.text == "" {
				t.Error("two seconds of changes, and nothing is on the disk")
			}
		}
	})
	if content.dumps < 4 || content.dumps > 8 {
		t.Errorf("%d dumps in ten seconds of changes", content.dumps)
	}
}

func TestEtcdFollowsTheDisk(t *testing.T) {
	for name, earlier := range map[string]string{"to a state before": "one", "to an empty disk": ""} {
		t.Run(name, func(t *testing.T) {
			dir, content, disk := t.TempDir(), &fakeContent{}, &fakeDisk{}
			end := follows(t, dir, content, disk, func() {
				content.set("one")
				time.Sleep(time.Second)
				content.set("two")
				time.Sleep(time.Second)
				disk.down = true
				time.Sleep(time.Minute)
				content.set("three")
				disk.text, disk.down = earlier, false
			})
			if !errors.Is(end, ErrSetBack) {
				t.Errorf("following ended by %v", end)
			}
			both(t, content, disk, earlier)
			end = follows(t, dir, content, disk, func() { content.set("four") })
			if !errors.Is(end, context.Canceled) {
				t.Errorf("the next following ended by %v", end)
			}
			both(t, content, disk, "four")
		})
	}
}

func TestNodeIsDown(t *testing.T) {
	content, disk := &fakeContent{}, &fakeDisk{}
	end := follows(t, t.TempDir(), content, disk, func() {
		content.set("one")
		time.Sleep(time.Second)
		disk.down = true
		content.set("two")
		time.Sleep(time.Hour)
		disk.down = false
	})
	if !errors.Is(end, context.Canceled) {
		t.Errorf("following ended by %v", end)
	}
	both(t, content, disk, "two")
}

// TestAnswerIsLost: the dump is on the disk, but the node went down before it said so.
func TestAnswerIsLost(t *testing.T) {
	dir, content, disk := t.TempDir(), &fakeContent{}, &fakeDisk{mute: true}
	_ = follows(t, dir, content, disk, func() { content.set("one") })
	disk.down, disk.mute = false, false
	end := follows(t, dir, content, disk, func() { content.set("two") })
	if !errors.Is(end, context.Canceled) {
		t.Errorf("following ended by %v", end)
	}
	both(t, content, disk, "two")
}

// TestHostWasDown: the disk was set back while nobody followed.
func TestHostWasDown(t *testing.T) {
	dir, content, disk := t.TempDir(), &fakeContent{}, &fakeDisk{}
	_ = follows(t, dir, content, disk, func() { content.set("one") })
	_ = follows(t, dir, content, disk, func() { content.set("two") })
	content.text, disk.text = "three", "one"
	if end := follows(t, dir, content, disk, func() {}); !errors.Is(end, ErrSetBack) {
		t.Errorf("following ended by %v", end)
	}
	both(t, content, disk, "one")
}
