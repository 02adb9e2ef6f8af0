package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// vars are variables by name; their values are what YAML gives.
type vars map[string]any

// group is one group as the inventory file has it.
type group struct {
	Hosts    map[string]vars  `yaml:"hosts"`
	Children map[string]*none `yaml:"children"`
	Vars     vars             `yaml:"vars"`
}

// none stands where an inventory may only have {} or nothing.
type none struct{}

// inventory is the machines, their groups and their variables.
type inventory struct {
	groups map[string]group
	shared vars // group_vars/all
}

// host is one machine with everything that is known about it.
type host struct {
	name string
	vars vars
}

// loadInventory reads the file and the group_vars/all beside it.
func loadInventory(path string) (*inventory, error) {
	inv := &inventory{shared: vars{}}
	if err := readYAML(path, &inv.groups); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "group_vars", "all", "*.y*ml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		var more vars
		if err := readYAML(file, &more); err != nil {
			return nil, fmt.Errorf("group variables: %w", err)
		}
		maps.Copy(inv.shared, more)
	}
	return inv, inv.check()
}

// readYAML decodes one document strictly; an empty file leaves v alone.
func readYAML(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// check refuses children that are no groups and groups that contain themselves.
func (inv *inventory) check() error {
	for name, g := range inv.groups {
		for child := range g.Children {
			if _, ok := inv.groups[child]; !ok {
				return fmt.Errorf("inventory: group %s has the unknown child %s", name, child)
			}
			if inv.contains(child, name, len(inv.groups)) {
				return fmt.Errorf("inventory: group %s contains itself through %s", name, child)
			}
		}
	}
	return nil
}

// contains says whether inner is outer or one of its descendants.
func (inv *inventory) contains(outer, inner string, depth int) bool {
	if outer == inner || depth == 0 {
		return true
	}
	for child := range inv.groups[outer].Children {
		if inv.contains(child, inner, depth-1) {
			return true
		}
	}
	return false
}

// members are the sorted names of the hosts in a group and in its children.
func (inv *inventory) members(group string) []string {
	seen := map[string]bool{}
	inv.collect(group, seen)
	return slices.Sorted(maps.Keys(seen))
}

func (inv *inventory) collect(group string, seen map[string]bool) {
	if group == "all" {
		for _, g := range inv.groups {
			for name := range g.Hosts {
				seen[name] = true
			}
		}
		return
	}
	for name := range inv.groups[group].Hosts {
		seen[name] = true
	}
	for child := range inv.groups[group].Children {
		inv.collect(child, seen)
	}
}

// match gives the hosts that a play's pattern names: a group, a host or localhost.
func (inv *inventory) match(pattern string) ([]host, error) {
	if pattern == localhost {
		return []host{{name: localhost, vars: inv.hostVars(localhost)}}, nil
	}
	names := []string{pattern}
	if _, ok := inv.groups[pattern]; ok || pattern == "all" {
		names = inv.members(pattern)
	} else if !slices.Contains(inv.members("all"), pattern) {
		return nil, fmt.Errorf("the inventory has no group and no host %q", pattern)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("group %q has no hosts", pattern)
	}
	hosts := make([]host, len(names))
	for i, name := range names {
		hosts[i] = host{name: name, vars: inv.hostVars(name)}
	}
	return hosts, nil
}

// hostVars are the variables a host sees: the inventory's groups, outermost
// first, then group_vars/all, then its own.
func (inv *inventory) hostVars(name string) vars {
	all := vars{}
	maps.Copy(all, inv.groups["all"].Vars)
	for _, g := range inv.outermostFirst() {
		if g != "all" && slices.Contains(inv.members(g), name) {
			maps.Copy(all, inv.groups[g].Vars)
		}
	}
	maps.Copy(all, inv.shared)
	for _, g := range slices.Sorted(maps.Keys(inv.groups)) {
		maps.Copy(all, inv.groups[g].Hosts[name])
	}
	all["inventory_hostname"] = name
	return all
}

// outermostFirst sorts the groups so that a parent stands before its children.
func (inv *inventory) outermostFirst() []string {
	names := slices.Sorted(maps.Keys(inv.groups))
	slices.SortStableFunc(names, func(a, b string) int { return inv.height(b) - inv.height(a) })
	return names
}

// height is the number of generations below a group.
func (inv *inventory) height(name string) int {
	h := 0
	for child := range inv.groups[name].Children {
		h = max(h, 1+inv.height(child))
	}
	return h
}
