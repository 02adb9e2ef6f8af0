package provision

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// field is a key of a mapping in the configuration file.
type field struct {
	name  string
	typ   reflect.Type
	index []int // in the struct, for reflect.Value.FieldByIndex
}

// fieldsOf are the keys that a mapping of the type can have, those of inlined parts too.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case options == "inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
		default:
			all = append(all, field{name, f.Type, []int{i}})
		}
	}
	return all
}

// names are those of the fields.
func names(fields []field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	return all
}

var (
	nodeType        = reflect.TypeFor[yaml.Node]()
	durationType    = reflect.TypeFor[time.Duration]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
)

// written tells whether values of the type are one text in the file, whatever they are in memory.
func written(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textUnmarshaler) }

// mapped tells whether values of the type are mappings with known keys.
func mapped(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != nodeType && !written(t)
}

// pointed is the type that a pointer leads to, or the type itself.
func pointed(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// under joins the path of a mapping and a key.
func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// visit calls do for every field below a type, with its path; the items of lists and maps
// are "[]" there.
func visit(t reflect.Type, path string, do func(path string, t reflect.Type)) {
	switch t = pointed(t); {
	case mapped(t):
		for _, f := range fieldsOf(t) {
			at := under(path, f.name)
			do(at, pointed(f.typ))
			visit(f.typ, at, do)
		}
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map:
		if !written(t) {
			visit(t.Elem(), path+"[]", do)
		}
	}
}

// Fields are the paths of all fields of the configuration file; items of lists are "[]" there.
func Fields() []string {
	var all []string
	visit(reflect.TypeFor[Config](), "", func(path string, _ reflect.Type) { all = append(all, path) })
	return all
}
