package ingress

import (
	"fmt"
	"maps"
	"reflect"
)

// AddDomain writes a further domain into the text of a configuration file. All
// other bytes, comments too, stay as they are: lines are inserted, and the result
// is read again to prove that it says what the file said and the new domain. Only
// where no insertion does, the file is written anew from its nodes, which keeps
// comments but not every blank. A domain that is there already changes nothing.
// It fails with DomainInvalid or ConfigurationUneditable.
func AddDomain(file []byte, d Domain) ([]byte, error) {
	if _, err := Canonical(d.Domain); err != nil {
		return nil, err
	}
	doc, err := parse(file)
	if err != nil {
		return nil, ConfigurationUneditable.Failf("the configuration file: %w", err)
	}
	if present, err := doc.has(d); present || err != nil {
		return file, err
	}
	want, err := doc.with(d)
	if err != nil {
		return nil, ConfigurationUneditable.Failf("the configuration file: %w", err)
	}
	for candidate := range doc.insertions(d) {
		if says(candidate, want) {
			return candidate, nil
		}
	}
	if anew, err := doc.anew(d); err == nil && says(anew, want) {
		return anew, nil
	}
	return nil, ConfigurationUneditable.Failf("the configuration file: found no place for %s under domains", d.Domain)
}

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

// has tells whether the domain is there. With other settings than the given ones
// it is an error: changing them is an editor's work.
func (doc *document) has(d Domain) (bool, error) {
	var spec struct {
		Domains []Domain `yaml:"domains"`
	}
	if err := unmarshal(doc.text, &spec); err != nil {
		return false, ConfigurationUneditable.Failf("the configuration file: %w", err)
	}
	for _, there := range spec.Domains {
		if there.Domain != d.Domain {
			continue
		}
		if differs(there.Name, d.Name) || differs(there.Title, d.Title) ||
			differs(there.Certificate.Cert, d.Certificate.Cert) || differs(there.Certificate.Key, d.Certificate.Key) {
			return true, ConfigurationUneditable.Failf("the configuration file has %s already, with other settings", d.Domain)
		}
		return true, nil
	}
	return false, nil
}

// differs tells whether something is asked for that isn't there.
func differs(there, asked string) bool { return asked != "" && asked != there }

// with is what the file should say with the domain.
func (doc *document) with(d Domain) (map[string]any, error) {
	text, err := marshal(d)
	if err != nil {
		return nil, err
	}
	var entry any
	if err := unmarshal(text, &entry); err != nil {
		return nil, err
	}
	want := maps.Clone(doc.says)
	if want == nil {
		want = map[string]any{}
	}
	list, ok := want["domains"].([]any)
	if !ok && want["domains"] != nil {
		return nil, fmt.Errorf("line %d: domains is not a list", doc.domains.Line)
	}
	want["domains"] = append(append([]any{}, list...), entry)
	return want, nil
}

// says tells whether a text is YAML with that meaning.
func says(text []byte, want map[string]any) bool {
	var have map[string]any
	return unmarshal(text, &have) == nil && reflect.DeepEqual(have, want)
}
