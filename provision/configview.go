package provision

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// View is the configuration in force: what the file says, what overrides it, and the defaults.
type View struct{ root yaml.Node }

// Field is a value of the configuration in force.
type Field struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
	From  string `json:"from"` // "wiabctl.yaml:7", a variable of the environment, "--set" or "default"
}

// ViewConfig reads a configuration file as Load does. Secrets are not in the view.
func ViewConfig(file string, overrides ...Override) (*View, error) {
	content, err := read(file)
	if err != nil {
		return nil, err
	}
	config, err := Load(file, overrides...)
	if err != nil {
		return nil, err
	}
	lines, err := document(content)
	if err != nil {
		return nil, fmt.Errorf("the lines of %s: %w", file, err)
	}
	view := &View{}
	if err := view.root.Encode(config); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	v := viewer{filepath.Base(file), lines, overrides}
	v.visit(&view.root, "")
	return view, nil
}

// YAML is a configuration file with a comment on each line that tells where its value is from.
func (v *View) YAML() ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := errors.Join(encoder.Encode(&v.root), encoder.Close())
	return out.Bytes(), err
}

// Fields are all values, in the file's order.
func (v *View) Fields() ([]Field, error) {
	var all []Field
	var walk func(node *yaml.Node, path string) error
	walk = func(node *yaml.Node, path string) error {
		for i, child := range node.Content {
			var err error
			switch {
			case node.Kind == yaml.MappingNode && i%2 == 0:
				continue
			case node.Kind == yaml.MappingNode:
				err = walk(child, under(path, node.Content[i-1].Value))
			default:
				err = walk(child, fmt.Sprintf("%s[%d]", path, i))
			}
			if err != nil {
				return err
			}
		}
		if node.Kind != yaml.ScalarNode {
			return nil
		}
		field := Field{Path: path, From: strings.TrimPrefix(node.LineComment, "# ")}
		err := node.Decode(&field.Value)
		all = append(all, field)
		return err
	}
	err := walk(&v.root, "")
	return all, err
}

// viewer makes of a whole configuration what people get to see.
type viewer struct {
	file      string // its name
	lines     *yaml.Node
	overrides []Override
}

// visit takes out of a node what says nothing, hides secrets, and tells where values are from. It
// returns whether something is left.
func (v viewer) visit(node *yaml.Node, path string) bool {
	node.HeadComment, node.LineComment, node.FootComment, node.Anchor = "", "", "", ""
	switch node.Kind {
	case yaml.ScalarNode:
		if hidden(path, node.Value) {
			node.SetString("(hidden)")
		}
		node.LineComment = "# " + v.from(path)
		return node.ShortTag() != "!!null" && node.Value != ""
	case yaml.SequenceNode:
		node.Style = 0
		for i, item := range node.Content {
			v.visit(item, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		node.Style = 0
		var kept []*yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			key.HeadComment, key.LineComment, key.FootComment = "", "", "" // the file's own may tell secrets
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			if v.visit(value, under(path, key.Value)) {
				kept = append(kept, key, value)
			}
		}
		node.Content = kept
	}
	return len(node.Content) > 0
}

// from is where the value at a path stands.
func (v viewer) from(path string) string {
	if from := overridden(path, v.overrides); from != "" {
		return from
	}
	if line := exactly(v.lines, path); line > 0 {
		return fmt.Sprintf("%s:%d", v.file, line)
	}
	return "default"
}

// inventoryPath begins the paths of variables of the inventory.
const inventoryPath = "cluster.inventory."

// inventorySecret names what may be a secret among variables of Ansible: rather one too many.
var inventorySecret = regexp.MustCompile(`(?i)secret|pass|token|credential|private|key|auth|salt`)

// hidden tells whether the value is not to be shown.
func hidden(path, value string) bool {
	variable, of := strings.CutPrefix(path, inventoryPath)
	return secretValue.MatchString(value) || of && inventorySecret.MatchString(variable) || secretKey.MatchString(path) && path != notSecret
}
