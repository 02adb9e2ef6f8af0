package network

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// Links are names of network interfaces; YAML may give a single one without a list.
type Links []string

// UnmarshalYAML takes a name or a list of names.
func (l *Links) UnmarshalYAML(node *yaml.Node) error {
	switch node.Kind {
	case yaml.ScalarNode:
		var one string
		if err := node.Decode(&one); err != nil {
			return err
		}
		*l = Links{one}
		return nil
	case yaml.SequenceNode:
		return node.Decode((*[]string)(l))
	default:
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: an interface's name is wanted here, or a list of names", node.Line)}}
	}
}

// MarshalYAML writes a single name without a list.
func (l Links) MarshalYAML() (any, error) {
	if len(l) == 1 {
		return l[0], nil
	}
	return []string(l), nil
}

// Valid tells whether all are names that interfaces can have.
func (l Links) Valid() bool {
	return !slices.ContainsFunc(l, func(name string) bool { return !wanName.MatchString(name) })
}
