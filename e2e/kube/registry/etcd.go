package registry

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

const (
	// answerTime is how long etcd may take to answer one question.
	answerTime = 10 * time.Second
	// askAgain is the pause between two attempts to reach an etcd that starts.
	askAgain = 100 * time.Millisecond
)

// etcd is a running etcd.
type etcd struct {
	client *clientv3.Client
}

func newEtcd(endpoint string) (*etcd, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	return &etcd{client}, nil
}

// dump packs all that makes the cluster, at one revision.
func (e *etcd) dump(ctx context.Context) ([]byte, error) {
	entries, err := e.entries(ctx)
	if err != nil {
		return nil, err
	}
	return pack(entries)
}

func (e *etcd) entries(ctx context.Context) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	resp, err := e.client.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("read etcd: %w", err)
	}
	entries := make([]entry, 0, len(resp.Kvs))
	for _, kv := range resp.Kvs {
		if key := string(kv.Key); meaningful(key) {
			entries = append(entries, entry{key, kv.Value})
		}
	}
	return entries, nil
}

// load makes a dump etcd's content: only what differs is written, so etcd's
// revisions go on and a second time does nothing.
func (e *etcd) load(ctx context.Context, dump []byte) error {
	wanted, err := unpack(dump)
	if err != nil {
		return err
	}
	if err := e.answers(ctx); err != nil {
		return err
	}
	there, err := e.entries(ctx)
	if err != nil {
		return err
	}
	have := make(map[string][]byte, len(there))
	for _, t := range there {
		have[t.Key] = t.Value
	}
	for _, w := range wanted {
		value, ok := have[w.Key]
		delete(have, w.Key)
		if ok && bytes.Equal(value, w.Value) {
			continue
		}
		if _, err := e.client.Put(ctx, w.Key, string(w.Value)); err != nil {
			return fmt.Errorf("write %s into etcd: %w", w.Key, err)
		}
	}
	for key := range have {
		if _, err := e.client.Delete(ctx, key); err != nil {
			return fmt.Errorf("delete %s from etcd: %w", key, err)
		}
	}
	return nil
}

// answers waits until etcd answers, which takes a moment after its start.
func (e *etcd) answers(ctx context.Context) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		_, err := e.client.Get(attempt, prefix)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("etcd does not answer: %w", err)
		case <-time.After(askAgain):
		}
	}
}

// watch puts a token into changed after each change that means something, and
// when it may have missed one. It lasts as long as ctx.
func (e *etcd) watch(ctx context.Context, changed chan<- struct{}) {
	for ctx.Err() == nil {
		for resp := range e.client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify()) {
			if resp.Created || resp.Err() != nil || slices.ContainsFunc(resp.Events, counts) {
				select {
				case changed <- struct{}{}:
				default:
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(askAgain):
		}
	}
}

func counts(event *clientv3.Event) bool { return meaningful(string(event.Kv.Key)) }
