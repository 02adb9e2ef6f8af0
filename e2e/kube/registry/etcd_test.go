package registry

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

// realEtcd starts an etcd of the test's own.
func realEtcd(t *testing.T) *etcd {
	t.Helper()
	config := embed.NewConfig()
	config.Dir, config.LogLevel, config.UnsafeNoFsync = t.TempDir(), "error", true
	anywhere := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = anywhere, anywhere
	config.ListenPeerUrls, config.AdvertisePeerUrls = anywhere, anywhere
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	server, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	e, err := newEtcd("http://" + server.Clients[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.client.Close() })
	if err := e.answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *etcd) set(t *testing.T, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if _, err := e.client.Put(t.Context(), pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
}

// all is everything that etcd holds, and its revision.
func (e *etcd) all(t *testing.T) (map[string]string, int64) {
	t.Helper()
	resp, err := e.client.Get(t.Context(), "\x00", clientv3.WithFromKey())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, kv := range resp.Kvs {
		all[string(kv.Key)] = string(kv.Value)
	}
	return all, resp.Header.Revision
}

func TestDumpAndLoad(t *testing.T) {
	e := realEtcd(t)
	e.set(t, "/registry/kept", "1", "/registry/changed", "1", "/registry/removed", "1",
		"/registry/leases/x", "1", "/registry/events/x", "1", "compact_rev_key", "1")
	dump, err := e.dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.set(t, "/registry/changed", "2", "/registry/added", "2", "/registry/leases/x", "2", "compact_rev_key", "2")
	if _, err := e.client.Delete(t.Context(), "/registry/removed"); err != nil {
		t.Fatal(err)
	}
	_, before := e.all(t)
	if err := e.load(t.Context(), dump); err != nil {
		t.Fatal(err)
	}
	got, after := e.all(t)
	want := map[string]string{
		"/registry/kept": "1", "/registry/changed": "1", "/registry/removed": "1",
		"/registry/leases/x": "2", "/registry/events/x": "1", "compact_rev_key": "2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if after != before+3 {
		t.Errorf("the revision went from %d to %d, for three changes", before, after)
	}
	if again, err := e.dump(t.Context()); err != nil || generation(again) != generation(dump) {
		t.Errorf("the loaded content is another generation (%v)", err)
	}
	if err := e.load(t.Context(), dump); err != nil {
		t.Fatal(err)
	}
	if _, again := e.all(t); again != after {
		t.Error("loading again writes again")
	}
}

func TestWatch(t *testing.T) {
	e := realEtcd(t)
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		e.watch(ctx, changed)
		close(ended)
	}()
	within := func(d time.Duration) bool {
		select {
		case <-changed:
			return true
		case <-time.After(d):
			return false
		}
	}
	if !within(5 * time.Second) {
		t.Fatal("what was before the watch is not told")
	}
	e.set(t, "/registry/leases/x", "1", "/registry/events/x", "1")
	if within(300 * time.Millisecond) {
		t.Error("a lease and an event count as changes")
	}
	e.set(t, "/registry/pods/x", "1")
	if !within(5 * time.Second) {
		t.Error("a change is not told")
	}
	if _, err := e.client.Delete(t.Context(), "/registry/pods/x"); err != nil {
		t.Fatal(err)
	}
	if !within(5 * time.Second) {
		t.Error("a deletion is not told")
	}
	cancel()
	<-ended
}
