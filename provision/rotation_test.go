package provision

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"wiabctl/assets"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// The stages see a rotation from its begin to its end, and nothing of it before and after.
func TestRotationIsPlanned(t *testing.T) {
	r := rotation{keys: assets.Keys{Dir: filepath.Join(t.TempDir(), "keys")}, user: deployUser{Name: "wire"}}
	if err := r.keys.Ensure("user", "admin", "host-kubenode1"); err != nil {
		t.Fatal(err)
	}
	sees := func(host, vms []string) {
		t.Helper()
		onHost, err := r.host()
		onVMs, vmsErr := r.vms()
		if err := errors.Join(err, vmsErr); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(verbs(onHost), host) || !slices.Equal(verbs(onVMs), vms) {
			t.Errorf("host wants %q, vms %q; want %q and %q", verbs(onHost), verbs(onVMs), host, vms)
		}
	}
	apply := func(changes []change.Change, err error) {
		t.Helper()
		if err == nil {
			err = changes[0].Apply(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	adopt, replaceAdmin, forget := "replace SSH keys in "+r.keys.Dir, "delete our old key for wire", "delete old SSH keys of the VMs"
	sees(nil, nil)
	if err := r.keys.Begin("user", "admin", "host-kubenode1"); err != nil {
		t.Fatal(err)
	}
	sees([]string{adopt, replaceAdmin}, nil)
	apply(r.host())
	sees([]string{replaceAdmin}, []string{forget})
	apply(r.vms())
	if unfinished, err := r.unfinished(); err != nil || !slices.Equal(unfinished, []string{"admin"}) {
		t.Errorf("unfinished are %v (%v)", unfinished, err)
	}
	sees([]string{replaceAdmin}, nil)
	if err := r.keys.Forget("admin"); err != nil {
		t.Fatal(err)
	}
	sees(nil, nil)
}

func verbs(changes []change.Change) []string {
	var all []string
	for _, c := range changes {
		all = append(all, string(c.Verb)+" "+c.Subject)
	}
	return all
}

// Of the keys to others' VMs none is wiabctl's to replace.
func TestKeysThatAreOurs(t *testing.T) {
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	ours := Open(config, func(Event) {})
	others, _ := onOthers(t, t.TempDir())
	for _, tc := range []struct {
		name  string
		on    *Installation
		kinds []string
		keys  int
		err   error
	}{
		{"all of ours", ours, nil, 9, nil},
		{"the VMs' own", ours, []string{"host"}, 7, nil},
		{"two kinds", ours, []string{"admin", "user"}, 2, nil},
		{"all, with others' VMs", others, nil, 1, nil},
		{"this host's, with others' VMs", others, []string{"admin"}, 1, nil},
		{"that of others' VMs", others, []string{"user"}, 0, vm.Elsewhere.Failf("")},
		{"those of others' VMs", others, []string{"admin", "host"}, 0, vm.Elsewhere.Failf("")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			names, err := tc.on.keysOf(tc.kinds)
			if len(names) != tc.keys || !errors.Is(err, tc.err) {
				t.Errorf("got %v (%v), want %d and %v", names, err, tc.keys, tc.err)
			}
		})
	}
}

// Only the part of the pipeline runs that has to do with the keys.
func TestKeyPipeline(t *testing.T) {
	config, err := Parse([]byte(smallest))
	if err != nil {
		t.Fatal(err)
	}
	i := Open(config, func(Event) {})
	for _, tc := range []struct {
		names, stages []string
	}{
		{[]string{"admin"}, []string{"host"}},
		{[]string{"admin", "host-kubenode1"}, []string{"host", "vms", "inventory"}},
	} {
		var stages []string
		for _, step := range i.keyPipeline(tc.names).Steps {
			for _, before := range step.After {
				if !slices.Contains(stages, before) {
					t.Errorf("%s waits for %s, which does not run", step.Name(), before)
				}
			}
			stages = append(stages, step.Name())
		}
		if !slices.Equal(stages, tc.stages) {
			t.Errorf("for %v: %v, want %v", tc.names, stages, tc.stages)
		}
	}
}
