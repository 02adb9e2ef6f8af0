package ingress

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// document is a configuration file: its bytes, its nodes and what it says.
type document struct {
	text    []byte
	root    node // the top mapping; zero if the file says nothing
	domains *node
	key     *node // of domains; nil if the file has none
	says    map[string]any
}

// parse reads a file of one document whose top is a mapping, or that says nothing.
func parse(text []byte) (*document, error) {
	doc := &document{text: text}
	var top node
	if err := unmarshal(text, &top); err != nil {
		return nil, err
	}
	if err := unmarshal(text, &doc.says); err != nil {
		return nil, err
	}
	if len(top.Content) == 0 {
		return doc, nil
	}
	doc.root = *top.Content[0]
	if doc.root.Kind != mappingNode {
		return doc, nil // null: the same as nothing
	}
	for i := 0; i+1 < len(doc.root.Content); i += 2 {
		if doc.root.Content[i].Value == "domains" {
			doc.key, doc.domains = doc.root.Content[i], doc.root.Content[i+1]
		}
	}
	return doc, nil
}

// edited is the first of the candidates that says what is wanted; without one, the file is
// written anew from its nodes, which keeps comments but not every blank.
func (doc *document) edited(candidates func(yield func([]byte) bool), anew func() ([]byte, error), list []any) ([]byte, error) {
	want := maps.Clone(doc.says)
	if want == nil {
		want = map[string]any{}
	}
	want["domains"] = list
	for candidate := range candidates {
		if says(candidate, want) {
			return candidate, nil
		}
	}
	text, err := anew()
	if err == nil && !says(text, want) {
		err = errors.New("found no way to write it")
	}
	return text, err
}

// list is what the file has under domains.
func (doc *document) list() ([]any, error) {
	list, ok := doc.says["domains"].([]any)
	if !ok && doc.says["domains"] != nil {
		return nil, fmt.Errorf("line %d: domains is not a list", doc.domains.Line)
	}
	return list, nil
}

// entries are the domains of the file, as it has them.
func (doc *document) entries() ([]Domain, error) {
	var spec struct {
		Domains []Domain `yaml:"domains"`
	}
	err := unmarshal(doc.text, &spec)
	return spec.Domains, err
}

// lines are the file's lines with their breaks.
func (doc *document) lines() []string { return strings.SplitAfter(string(doc.text), "\n") }

// lineBreak is the one that the file uses.
func (doc *document) lineBreak() string {
	if bytes.Contains(doc.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// deepest is the last line on which a part of the node begins.
func deepest(n *node) int {
	line := n.Line
	for _, part := range n.Content {
		line = max(line, deepest(part))
	}
	return line
}

// says tells whether a text is YAML with that meaning; a list of no domains may be null.
func says(text []byte, want map[string]any) bool {
	have := map[string]any{}
	if err := unmarshal(text, &have); err != nil || have == nil { // nil: null is written out, perhaps with an anchor
		return false
	}
	if have["domains"] == nil {
		have["domains"] = []any{}
	}
	return reflect.DeepEqual(have, want)
}
