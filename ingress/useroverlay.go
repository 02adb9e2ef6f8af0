package ingress

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// UserOverlay is a layer over a release that the user writes. It comes after the computed
// one.
type UserOverlay struct {
	File   string // where the user writes it
	Values Values
	root   *node
}

// overrides is the comment by which a line of a user's overlay may differ from what is
// computed.
const overrides = "wiabctl: override"

// ParseOverlay reads a user's overlay: one YAML document, a mapping, in the part of YAML
// that helm and wiabctl understand alike. The error has one problem a line.
func ParseOverlay(text []byte) (UserOverlay, error) {
	var top node
	documents := decoder(text)
	switch err := documents.Decode(&top); {
	case errors.Is(err, io.EOF):
		return UserOverlay{}, errors.New("line 1: it is empty: give it values, or delete it")
	case err != nil:
		return UserOverlay{}, err
	}
	root := top.Content[0]
	if root.Kind != mappingNode {
		return UserOverlay{}, fmt.Errorf("line %d: it is not a mapping of values", root.Line)
	}
	if err := documents.Decode(&node{}); !errors.Is(err, io.EOF) {
		return UserOverlay{}, errors.New("it has more than one document: helm would read the first alone")
	}
	if err := errors.Join(ambiguities(root)...); err != nil {
		return UserOverlay{}, err
	}
	o := UserOverlay{root: root}
	return o, root.Decode(&o.Values)
}

// oldBool are the words that helm's YAML 1.1 takes for true and false, and YAML 1.2 for text.
var oldBool = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// ambiguities are what helm would understand otherwise than it is meant, or cannot.
func ambiguities(n *node) (problems []error) {
	refuse := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...)))
	}
	switch {
	case n.Kind == aliasNode || n.ShortTag() == "!!merge":
		refuse("aliases and merges are not understood here: write it out")
	case n.Kind == scalarNode && n.Style == 0 && n.ShortTag() == "!!str" && oldBool.MatchString(n.Value):
		refuse("%s means true or false to some and a word to others: write true, false or %q", n.Value, n.Value)
	case n.ShortTag() == "!!timestamp":
		refuse("%s is a date to some and a text to others: quote it", n.Value)
	}
	for i, child := range n.Content {
		if n.Kind == mappingNode && i%2 == 0 && child.Kind == scalarNode && !slices.Contains([]string{"!!str", "!!merge"}, child.ShortTag()) {
			problems = append(problems, fmt.Errorf("line %d: the key %s is not a text: quote it", child.Line, child.Value))
			continue
		}
		problems = append(problems, ambiguities(child)...)
	}
	return problems
}

// Conflicts is an error with one line for each value that differs from a computed one without a
// comment that says so.
func (o UserOverlay) Conflicts(computed Values) error {
	reduced, err := plain(computed)
	if err != nil {
		return err
	}
	layer, _ := reduced.(map[string]any)
	return errors.Join(conflicts("", o.root, layer)...)
}

// overrides tells whether a line says on purpose what the value at that path is, or something of it.
func (o UserOverlay) overrides(path string) bool {
	return o.root != nil && slices.ContainsFunc(overridden("", o.root), func(at string) bool { return within(path, at) || within(at, path) })
}

// overridden are the paths of the lines with the comment.
func overridden(path string, mapping *node) (paths []string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		at := join(path, key.Value)
		switch {
		case saysSo(key, value):
			paths = append(paths, at)
		case value.Kind == mappingNode:
			paths = append(paths, overridden(at, value)...)
		}
	}
	return paths
}

// within tells whether a path is the other, or leads below it.
func within(path, other string) bool {
	below, found := strings.CutPrefix(path, other)
	return found && (below == "" || below[0] == '.' || below[0] == '[')
}

func conflicts(path string, mapping *node, computed map[string]any) (problems []error) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		ours, there := computed[key.Value]
		if !there {
			continue
		}
		at := join(path, key.Value)
		if below, ok := ours.(map[string]any); ok && value.Kind == mappingNode {
			problems = append(problems, conflicts(at, value, below)...)
			continue
		}
		if !same(value, ours) && !saysSo(key, value) {
			problems = append(problems, fmt.Errorf("line %d: %s is computed from the configuration: leave it out, or end the line with # %s", key.Line, at, overrides))
		}
	}
	return problems
}

// same tells whether a node says what is computed.
func same(value *node, computed any) bool {
	var said any
	if value.Decode(&said) != nil {
		return false
	}
	reduced, err := plain(said)
	return err == nil && reflect.DeepEqual(reduced, computed)
}

// saysSo tells whether the comment is there: on the key's line, or right above it.
func saysSo(key, value *node) bool {
	for _, comment := range []string{key.LineComment, value.LineComment, key.HeadComment, value.HeadComment} {
		if strings.Contains(comment, overrides) {
			return true
		}
	}
	return false
}
