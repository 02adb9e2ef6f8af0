package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// template is the inventory that the artifact brings.
const template = "../files/ansible/inventory/offline/staging.yml"

func TestTemplateInventory(t *testing.T) {
	inv, err := loadInventory(template)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		pattern string
		want    []string
	}{
		"group":                  {"assethost", []string{"assethost"}},
		"child of a group":       {"etcd", []string{"kubenode1", "kubenode2", "kubenode3"}},
		"two ways to one child":  {"k8s-cluster", []string{"kubenode1", "kubenode2", "kubenode3"}},
		"hosts of another group": {"postgresql_ro", []string{"datanode2", "datanode3"}},
		"one host":               {"kubenode1", []string{"kubenode1"}},
		"localhost":              {"localhost", []string{"localhost"}},
		"all": {"all", []string{
			"assethost", "datanode1", "datanode2", "datanode3", "kubenode1", "kubenode2", "kubenode3",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			hosts, err := inv.match(c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range hosts {
				got = append(got, h.name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s matches %v, want %v", c.pattern, got, c.want)
			}
		})
	}
	if _, err := inv.match("kubenodes"); err == nil {
		t.Error("an unknown group was taken")
	}
	if got := inv.hostVars("datanode1")["cassandra_version"]; got != "3.11.19" {
		t.Errorf("group_vars/all gives cassandra_version %v", got)
	}
}

func TestVariablePrecedence(t *testing.T) {
	inv := writeInventory(t, `
all:
  vars: {a: all, b: all, c: all, d: all}
outer:
  children: {inner: {}}
  vars: {b: outer, c: outer, d: outer}
inner:
  hosts: {one: {d: host}}
  vars: {c: inner, d: inner}
`)
	got := inv.hostVars("one")
	for name, want := range map[string]string{"a": "all", "b": "outer", "c": "inner", "d": "host", "inventory_hostname": "one"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
}

func TestInventoryRefuses(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"unknown key":   {"all: {hots: {}}", "hots"},
		"unknown child": {"a: {children: {b: {}}}", "unknown child b"},
		"cycle":         {"a: {children: {b: {}}}\nb: {children: {a: {}}}", "contains itself"},
		"filled child":  {"a: {children: {b: {hosts: {}}}}\nb: {}", "hosts"},
		"broken YAML":   {"a: [", "inventory.yml"},
		"not there":     {"", "no such file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "inventory.yml")
			if c.text != "" {
				if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := loadInventory(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	inv := writeInventory(t, `
db:
  hosts:
    one: {ansible_host: 192.0.2.1}
    two: {ansible_host: 192.0.2.2}
`)
	known := vars{"port": 9042, "name": "wire-server", "evil": "$(reboot)", "list": []any{1}}
	cases := map[string]struct{ text, want, problem string }{
		"variables":          {"{{ name }}:{{port}}", "wire-server:9042", ""},
		"addresses":          {"-- {{ addresses('db') }}", "-- 192.0.2.1 192.0.2.2", ""},
		"names":              {"{{ names('db') }}", "one two", ""},
		"undefined":          {"{{ nme }}", "", "undefined"},
		"unknown group":      {"{{ names('dp') }}", "", "no group"},
		"not harmless":       {"{{ evil }}", "", "interpret"},
		"not a single value": {"{{ list }}", "", "single value"},
		"no expression":      {"echo ${1%.*} {}", "echo ${1%.*} {}", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := inv.expand(c.text, known)
			if c.problem == "" && (err != nil || got != c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("error is %v, want one with %q", err, c.problem)
			}
		})
	}
}

// writeInventory loads an inventory from its text.
func writeInventory(t *testing.T, text string) *inventory {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inventory.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	inv, err := loadInventory(path)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}
