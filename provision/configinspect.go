package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// decode reads a file of one document into a value whose type says what there can be. What
// does not fit is left out and told, all of it, so that the rest can be checked too. root has
// the lines of what was taken, and meant the fields that misspelt ones seem to be; root is nil
// where nothing can be taken.
func decode(content []byte, prepare func(top *yaml.Node) Problems, into any) (root *yaml.Node, meant []string, found Problems) {
	root, err := document(content)
	if err != nil {
		return nil, nil, Problems{syntax(err)}
	}
	if found = prepare(root.Content[0]); len(found) > 0 {
		return nil, nil, found
	}
	in := inspection{fields: Fields()}
	if in.value(root.Content[0], reflect.TypeOf(into).Elem(), "") {
		if err := root.Decode(into); err != nil && len(in.found) == 0 {
			in.found = append(in.found, syntax(err))
		}
	}
	return root, in.meant, in.found
}

// document are the nodes of a file that holds one document.
func document(content []byte) (*yaml.Node, error) {
	var root, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) || err == nil && root.Kind == 0 {
		return nil, errors.New("line 1: the file is empty")
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins here: a file holds one", second.Line)
	}
	if aliased(&root) {
		// Decoding guards against aliases that contain themselves or blow up; nodes alone do not.
		var all any
		if err := root.Decode(&all); err != nil && !errors.As(err, new(*yaml.TypeError)) {
			return nil, err
		}
	}
	return &root, nil
}

func aliased(node *yaml.Node) bool {
	return node.Kind == yaml.AliasNode || slices.ContainsFunc(node.Content, aliased)
}

var atLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): `)

// syntax is the problem that yaml.v3 tells of, which knows the line alone.
func syntax(err error) Problem {
	text := err.Error()
	problem := Problem{Line: 1, Problem: strings.TrimPrefix(text, "yaml: ")}
	if found := atLine.FindStringSubmatch(text); found != nil {
		problem.Line, _ = strconv.Atoi(found[1]) // digits
		problem.Problem = text[len(found[0]):]
	}
	if strings.HasPrefix(text, "yaml: ") {
		problem.Problem = "not YAML: " + problem.Problem
	}
	return problem
}

// inspection compares nodes with the types that they are to be read into. It takes out what
// does not fit.
type inspection struct {
	fields []string // all paths that there are, for advice
	found  Problems
	meant  []string // what misspelt fields seem to mean
}

func (in *inspection) refuse(node *yaml.Node, path, format string, args ...any) {
	in.found = append(in.found, Problem{Line: node.Line, Path: path, Problem: fmt.Sprintf(format, args...)})
}

// value tells whether the node can be read into the type, once what does not fit is taken out
// of it.
func (in *inspection) value(node *yaml.Node, t reflect.Type, path string) bool {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	t = pointed(t)
	switch {
	case t == nodeType || t.Kind() == reflect.Interface || node.ShortTag() == "!!null":
	case mapped(t) && node.Kind == yaml.MappingNode:
		in.mapping(node, t, path)
	case t.Kind() == reflect.Map && node.Kind == yaml.MappingNode:
		in.entries(node, t.Elem(), path)
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		in.items(node, t.Elem(), path)
	default:
		return in.whole(node, t, path)
	}
	return true
}

// items inspects a list. What does not fit becomes empty where that is possible, so that the
// others keep their numbers.
func (in *inspection) items(node *yaml.Node, t reflect.Type, path string) {
	var kept []*yaml.Node
	for i, item := range node.Content {
		switch {
		case in.value(item, t, fmt.Sprintf("%s[%d]", path, i)):
			kept = append(kept, item)
		case mapped(t):
			kept = append(kept, &yaml.Node{Kind: yaml.MappingNode, Line: item.Line})
		case t.Kind() == reflect.String:
			kept = append(kept, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: item.Line})
		}
	}
	node.Content = kept
}

// whole tells whether a node without parts of interest can be read into the type.
func (in *inspection) whole(node *yaml.Node, t reflect.Type, path string) bool {
	err := node.Decode(reflect.New(t).Interface())
	switch {
	case err == nil:
		return true
	case errors.As(err, new(*yaml.TypeError)):
		in.refuse(node, path, "is %s, wanted is %s", said(node), wanted(t))
	default:
		in.refuse(node, path, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return false
}

// mapping inspects what has known keys.
func (in *inspection) mapping(node *yaml.Node, t reflect.Type, path string) {
	fields := fieldsOf(t)
	in.pairs(node, path, func(key, value *yaml.Node) bool {
		if key.ShortTag() == "!!merge" {
			in.merged(value, t, path)
			return true
		}
		at := under(path, key.Value)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		if i < 0 {
			in.unknown(key, names(fields), path)
			return false
		}
		return in.value(value, fields[i].typ, at)
	})
}

// merged inspects what `<<` merges into a mapping: one, or a list of them.
func (in *inspection) merged(node *yaml.Node, t reflect.Type, path string) {
	if node.Kind == yaml.SequenceNode {
		for _, item := range node.Content {
			in.value(item, t, path)
		}
		return
	}
	in.value(node, t, path)
}

// entries inspects what has keys of the user's own.
func (in *inspection) entries(node *yaml.Node, t reflect.Type, path string) {
	in.pairs(node, path, func(key, value *yaml.Node) bool { return in.value(value, t, under(path, key.Value)) })
}

// pairs keeps of a mapping the pairs that fit, the first of each key.
func (in *inspection) pairs(node *yaml.Node, path string, fits func(key, value *yaml.Node) bool) {
	first := map[string]int{}
	var kept []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at, again := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			in.refuse(key, path, "has a key that is no text")
		case again:
			in.refuse(key, under(path, key.Value), "is there twice, on line %d first", at)
		case fits(key, value):
			kept = append(kept, key, value)
		}
		first[key.Value] = key.Line
	}
	node.Content = kept
}

// unknown refuses a key that is none, with what it may mean.
func (in *inspection) unknown(key *yaml.Node, known []string, path string) {
	meant := ""
	if near := Nearest(key.Value, known); near != "" {
		meant = under(path, near)
	} else if i := slices.IndexFunc(in.fields, func(f string) bool { return below(f, path) && strings.HasSuffix(f, "."+key.Value) }); i >= 0 {
		meant = in.fields[i] // it stands too high
	}
	if meant == "" {
		in.refuse(key, under(path, key.Value), "there is no such field")
		return
	}
	in.meant = append(in.meant, meant)
	in.refuse(key, under(path, key.Value), "there is no such field; did you mean %s?", meant)
}

// said is what the file has, in words.
func said(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return strconv.Quote(node.Value)
	}
}

// wanted is what a type takes, in words.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a time such as 90s or 10m"
	case written(t), t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Uint16:
		return "a whole number up to 65535"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return "a mapping"
	default:
		return "a whole number"
	}
}
