package provision

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// locate finds the line of the value at a path like "domains[1].domain". For a
// path that is not in the file it is the line of the nearest part that is.
func locate(root *yaml.Node, path string) int {
	node := root
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	line := node.Line
	for _, step := range steps(path) {
		next, at := descend(node, step)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line
}

// descend returns the value below a key or an index, and the line where it is named.
func descend(node *yaml.Node, step string) (*yaml.Node, int) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i].Line
		}
	}
	return nil, 0
}

// invalids lists every *change.Invalid in err, looking through joined errors.
func invalids(err error) []*change.Invalid {
	switch e := err.(type) { //nolint:errorlint // this walks the tree itself
	case nil:
		return nil
	case *change.Invalid:
		return []*change.Invalid{e}
	case interface{ Unwrap() []error }:
		var all []*change.Invalid
		for _, inner := range e.Unwrap() {
			all = append(all, invalids(inner)...)
		}
		return all
	default:
		return []*change.Invalid{{Problem: err.Error()}}
	}
}

// within puts a part's name before the paths of its problems.
func within(part string, err error) []error {
	var all []error
	for _, invalid := range invalids(err) {
		all = append(all, &change.Invalid{Path: part + "." + invalid.Path, Problem: invalid.Problem})
	}
	return all
}

// exactly is the line of the value at a path, 0 if the file does not have it. A part that is
// written as one value, such as `calling: none`, or a single name for a list, has it all on its line.
func exactly(root *yaml.Node, path string) int {
	node, line := root.Content[0], 0
	for _, step := range steps(path) {
		next, at := descend(node, step)
		if next == nil {
			if node.Kind == yaml.ScalarNode && node.ShortTag() != "!!null" && (step == "mode" || step == "0") {
				return line
			}
			return 0
		}
		node, line = next, at
	}
	return line
}

// steps are the keys and indices of a path.
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}
