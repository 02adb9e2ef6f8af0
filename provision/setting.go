package provision

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/ingress"
)

// setting is a value in a part of the configuration file: network.hairpin: never.
type setting struct{ part, key, value string }

// in writes the setting into the file's text, whose comments and layout stay: a value
// is replaced or a line inserted, and the result is read again to prove that nothing
// else changed. It fails with ingress.ConfigurationUneditable.
func (s setting) in(text []byte) ([]byte, error) {
	uneditable := func(err error) error {
		return ingress.ConfigurationUneditable.Failf("found no place for %s.%s: %s in the configuration file: %w", s.part, s.key, s.value, err)
	}
	var root yaml.Node
	var says map[string]any
	if err := errors.Join(yaml.Unmarshal(text, &root), yaml.Unmarshal(text, &says)); err != nil {
		return nil, uneditable(err)
	}
	if root.Kind == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, uneditable(errors.New("it is no mapping"))
	}
	written := s.written(text, root.Content[0])
	var have map[string]any
	if err := yaml.Unmarshal(written, &have); err != nil {
		return nil, uneditable(err)
	}
	if !reflect.DeepEqual(have, s.said(says)) {
		return nil, uneditable(errors.New("its layout is not one that wiabctl knows"))
	}
	return written, nil
}

// said is what a file says once it has the setting.
func (s setting) said(before map[string]any) map[string]any {
	after := maps.Clone(before)
	part, _ := after[s.part].(map[string]any)
	part = maps.Clone(part)
	if part == nil {
		part = map[string]any{}
	}
	part[s.key] = s.value
	after[s.part] = part
	return after
}

// written is the text with the setting where it likely belongs.
func (s setting) written(text []byte, top *yaml.Node) []byte {
	line := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		line = "\r\n"
	}
	says := s.key + ": " + s.scalar()
	name, part := member(top, s.part)
	if part == nil {
		if !bytes.HasSuffix(text, []byte("\n")) {
			text = append(bytes.Clone(text), line...)
		}
		return fmt.Appendf(bytes.Clone(text), "%s:%s  %s%s", s.part, line, says, line)
	}
	_, value := member(part, s.key)
	switch {
	case value != nil:
		return splice(text, value, len(quoted(value)), s.scalar())
	case part.Kind == yaml.MappingNode && part.Style&yaml.FlowStyle != 0:
		if len(part.Content) > 0 {
			says += ", "
		}
		return splice(text, part, 1, "{"+says)
	}
	indent := "  "
	if len(part.Content) > 0 {
		indent = strings.Repeat(" ", part.Content[0].Column-1)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if !strings.HasSuffix(lines[name.Line-1], "\n") {
		lines[name.Line-1] += line
	}
	lines[name.Line-1] += indent + says + line
	return []byte(strings.Join(lines, ""))
}

// scalar is the value as YAML that reads it as a text: a hash may look like a number.
func (s setting) scalar() string {
	text, err := yaml.Marshal(s.value)
	if err != nil {
		panic(err) // a string always marshals
	}
	return strings.TrimSuffix(string(text), "\n")
}

// member is a mapping's key and value; nil without.
func member(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// quoted is a scalar as the file has it.
func quoted(value *yaml.Node) string {
	switch value.Style {
	case yaml.DoubleQuotedStyle:
		return `"` + value.Value + `"`
	case yaml.SingleQuotedStyle:
		return "'" + value.Value + "'"
	default:
		return value.Value
	}
}

// splice replaces so many bytes, from where the node begins.
func splice(text []byte, at *yaml.Node, length int, with string) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	line := lines[at.Line-1]
	from := min(at.Column-1, len(line))
	lines[at.Line-1] = line[:from] + with + line[min(from+length, len(line)):]
	return []byte(strings.Join(lines, ""))
}
