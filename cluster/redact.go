package cluster

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// hidden stands where a secret stood.
const hidden = "(secret)"

// shortest is the length, in bytes, from which on a value is taken for a secret: what is
// shorter (guest, dummy) is part of many an innocent word.
const shortest = 12

// Redact returns what takes the kept secrets out of a line that people get to see. It is
// nil while nothing is kept.
func (s Secrets) Redact() *strings.Replacer {
	kept, err := s.kept()
	if err != nil || kept == nil {
		return nil
	}
	var secrets []string
	for _, content := range kept {
		var doc yaml.Node
		if yaml.Unmarshal(content, &doc) == nil {
			secrets = append(secrets, scalars(&doc)...)
		}
	}
	// The longer first: one may begin with another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range slices.Compact(secrets) {
		pairs = append(pairs, secret, hidden)
	}
	return strings.NewReplacer(pairs...)
}

// scalars are the values of a document, line by line, that are long enough to be secrets.
func scalars(node *yaml.Node) (all []string) {
	if node.Kind == yaml.ScalarNode {
		for line := range strings.Lines(node.Value) {
			line = strings.TrimSpace(line)
			if len(line) >= shortest && !strings.HasPrefix(line, "-----") { // PEM's frame
				all = append(all, line)
			}
		}
		return all
	}
	for i, child := range node.Content {
		if node.Kind != yaml.MappingNode || i%2 == 1 {
			all = append(all, scalars(child)...)
		}
	}
	return all
}
