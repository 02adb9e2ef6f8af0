package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// document is a YAML file whose values are set one by one, so that its comments
// and everything else in it stay.
type document struct {
	root    yaml.Node
	changed []string // the paths that had another value
}

func parseDocument(content []byte) (*document, error) {
	var d document
	if err := yaml.Unmarshal(content, &d.root); err != nil {
		return nil, err
	}
	if d.root.Kind != yaml.DocumentNode || d.root.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is not a mapping")
	}
	return &d, nil
}

// mapping is the whole of it.
func (d *document) mapping() *yaml.Node { return d.root.Content[0] }

// value is the text at the path; empty without.
func (d *document) value(path ...string) string {
	node := d.mapping()
	for _, step := range path {
		if node = child(node, step); node == nil {
			return ""
		}
	}
	return node.Value
}

// set gives the value at the path. All steps but the last have to be there: a
// template that lacks one is of a shape we do not know.
func (d *document) set(value string, path ...string) error {
	node := d.mapping()
	for depth, step := range path[:len(path)-1] {
		next := child(node, step)
		if next == nil || next.Kind != yaml.MappingNode {
			return fmt.Errorf("it has no mapping %s", strings.Join(path[:depth+1], "."))
		}
		node = next
	}
	last := path[len(path)-1]
	have := child(node, last)
	if have != nil && have.Value == value {
		return nil
	}
	d.changed = append(d.changed, fmt.Sprintf("%s becomes %q", strings.Join(path, "."), value))
	if have == nil {
		node.Content = append(node.Content, scalar(last), scalar(value))
		return nil
	}
	*have = yaml.Node{Kind: yaml.ScalarNode, Value: value, HeadComment: have.HeadComment, LineComment: have.LineComment, FootComment: have.FootComment}
	return nil
}

// at is the value at a path whose steps are divided by dots, nil where there is none.
func (d *document) at(path string) *yaml.Node {
	node := d.root.Content[0]
	for step := range strings.SplitSeq(path, ".") {
		if node == nil || node.Kind != yaml.MappingNode {
			return nil
		}
		node = child(node, step)
	}
	return node
}

// complete adds the keys that another document has and this one lacks, at any depth, and
// tells whether there were any. What both have stays as it is here.
func (d *document) complete(from *document) bool {
	return completeMapping(d.mapping(), from.mapping())
}

func completeMapping(mapping, from *yaml.Node) (added bool) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		have := child(mapping, key.Value)
		switch {
		case have == nil:
			mapping.Content = append(mapping.Content, key, value)
			added = true
		case have.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			added = completeMapping(have, value) || added
		}
	}
	return added
}

func (d *document) bytes() ([]byte, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&d.root); err != nil {
		return nil, err
	}
	return out.Bytes(), enc.Close()
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: value}
}

// child is the value of a mapping's key, or nil.
func child(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
