package cluster

import (
	"bytes"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// MergeKubeconfig puts the only cluster, user and context of a kubeconfig into another
// one, each under the name given, and keeps all else of it as it is, its present context
// too; what wiabctl put there before is replaced. An empty one gets the present context
// as well. It fails with KubeconfigRefused where the name is somebody else's, and where
// the other one cannot be used.
func MergeKubeconfig(into, from []byte, name string) ([]byte, error) {
	ours, err := parseDocument(from)
	if err != nil {
		return nil, fmt.Errorf("the cluster's kubeconfig: %w", err)
	}
	if len(bytes.TrimSpace(into)) == 0 {
		into = fmt.Appendf(nil, "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\ncurrent-context: %s\n", name)
	}
	theirs, err := parseDocument(into)
	if err != nil {
		return nil, KubeconfigRefused.Failf("it is no kubeconfig: %w", err)
	}
	for _, e := range []entry{{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}} {
		value, err := e.only(ours.root.Content[0])
		if err == nil && e.key == "context" {
			value = mapping("cluster", scalar(name), "user", scalar(name))
		}
		if err != nil {
			return nil, fmt.Errorf("the cluster's kubeconfig: %w", err)
		}
		if err := e.put(theirs.root.Content[0], name, marked(value)); err != nil {
			return nil, err
		}
	}
	return theirs.bytes()
}

// entry is where a kubeconfig keeps things of one kind: a list of mappings, each with a
// name and, under the key, the thing itself.
type entry struct{ list, key string }

// only gives the only thing of the kind.
func (e entry) only(config *yaml.Node) (*yaml.Node, error) {
	list := child(config, e.list)
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) != 1 || list.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("its %s are not a list of one", e.list)
	}
	value := child(list.Content[0], e.key)
	if value == nil || value.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("its %s has no %s", e.list, e.key)
	}
	return value, nil
}

// put adds the thing, or replaces the one of the name if that is ours.
func (e entry) put(config *yaml.Node, name string, value *yaml.Node) error {
	list := child(config, e.list)
	switch {
	case list == nil || list.Tag == "!!null":
		fresh := &yaml.Node{Kind: yaml.SequenceNode}
		if list == nil {
			config.Content = append(config.Content, scalar(e.list), fresh)
			list = fresh
		} else {
			*list = *fresh
		}
	case list.Kind != yaml.SequenceNode:
		return KubeconfigRefused.Failf("its %s are no list", e.list)
	}
	for _, item := range list.Content {
		if item.Kind != yaml.MappingNode {
			return KubeconfigRefused.Failf("line %d: one of its %s is no mapping", item.Line, e.list)
		}
		if named := child(item, "name"); named == nil || named.Value != name {
			continue
		}
		if have := child(item, e.key); have == nil || !isMarked(have) {
			return KubeconfigRefused.Failf("line %d: it has a %s %q already, which is not wiabctl's", item.Line, e.key, name)
		}
		*item = *mapping(e.key, value, "name", scalar(name))
		return nil
	}
	list.Style = 0 // of "[]", which would put all on one line
	list.Content = append(list.Content, mapping(e.key, value, "name", scalar(name)))
	return nil
}

// markName is the extension by which what is wiabctl's in a kubeconfig is known: kubectl
// keeps extensions and does not read them.
const markName = "wiabctl"

func marked(value *yaml.Node) *yaml.Node {
	mark := mapping("name", scalar(markName), "extension", mapping("made-by", scalar("wiabctl kubeconfig --merge")))
	out := *value
	out.Content = append(slices.Clip(out.Content), scalar("extensions"), &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{mark}})
	return &out
}

func isMarked(value *yaml.Node) bool {
	if value.Kind != yaml.MappingNode {
		return false
	}
	extensions := child(value, "extensions")
	if extensions == nil {
		return false
	}
	for _, e := range extensions.Content {
		if name := child(e, "name"); name != nil && name.Value == markName {
			return true
		}
	}
	return false
}

// mapping is a YAML mapping of keys and nodes, in turn.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, part := range pairs {
		switch part := part.(type) {
		case string:
			node.Content = append(node.Content, scalar(part))
		case *yaml.Node:
			node.Content = append(node.Content, part)
		}
	}
	return node
}
