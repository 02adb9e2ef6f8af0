package cluster

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// lay gives a mapping the values of another one, at any depth, and returns the paths that
// had none or others. What only the first one has stays; null over a mapping is an empty
// one.
func lay(into, overlay *yaml.Node, at string) (changed []string) {
	for i := 0; i+1 < len(overlay.Content); i += 2 {
		key, value := overlay.Content[i], overlay.Content[i+1]
		path := at + key.Value
		have := child(into, key.Value)
		switch {
		case have == nil:
			into.Content = append(into.Content, twin(key), twin(value))
			changed = append(changed, path)
		case have.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			changed = append(changed, lay(have, value, path+".")...)
		case have.Kind == yaml.MappingNode && value.ShortTag() == "!!null", equal(have, value):
		default:
			*have = *twin(value)
			changed = append(changed, path)
		}
	}
	return changed
}

// equal tells whether two nodes mean the same, comments and layout apart.
func equal(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, equal)
}

// twin is a copy that shares nothing.
func twin(node *yaml.Node) *yaml.Node {
	same := *node
	same.Content = nil
	for _, part := range node.Content {
		same.Content = append(same.Content, twin(part))
	}
	return &same
}

// has tells whether a key stands anywhere in the node.
func has(node *yaml.Node, key string) bool {
	return node.Kind == yaml.MappingNode && child(node, key) != nil || slices.ContainsFunc(node.Content, func(part *yaml.Node) bool { return has(part, key) })
}
