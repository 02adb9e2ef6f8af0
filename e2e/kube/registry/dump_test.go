package registry

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMeaningful(t *testing.T) {
	cases := map[string]bool{
		"/registry/secrets/default/sh.helm.release.v1.webapp.v1": true,
		"/registry/leasesque/x":                                  true,
		"/registry/leases/kube-node-lease/kubenode1":             false,
		"/registry/masterleases/192.168.122.1":                   false,
		"/registry/events/default/x":                             false,
		"compact_rev_key":                                        false,
	}
	for key, want := range cases {
		if got := meaningful(key); got != want {
			t.Errorf("meaningful(%q) is %v", key, got)
		}
	}
}

func TestPack(t *testing.T) {
	entries := []entry{{"/registry/a", []byte("1")}, {"/registry/b", bytes.Repeat([]byte("2"), 1<<20)}}
	dump, err := pack(entries)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := pack(entries); err != nil || !bytes.Equal(dump, again) {
		t.Errorf("equal entries make different dumps (%v)", err)
	}
	got, err := unpack(dump)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries, got); diff != "" {
		t.Error(diff)
	}
	if got, err := unpack(nil); err != nil || len(got) != 0 {
		t.Errorf("an empty dump holds %v (%v)", got, err)
	}
	for _, end := range []int{1, len(dump) / 2, len(dump) - 1} {
		if _, err := unpack(dump[:end]); err == nil {
			t.Errorf("a dump that ends after %d bytes of %d is taken", end, len(dump))
		}
	}
}
