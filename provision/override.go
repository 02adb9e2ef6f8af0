package provision

import (
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Override is a value that goes above the file's, for one run.
type Override struct {
	Path  string // of a field with one value, such as "network.public_address"
	Value string // as the file would have it; an empty one gives the default back
	From  string // where it stands: WIABCTL_NETWORK_PUBLIC_ADDRESS, or --set
}

// variablePrefix begins the name of each variable of the environment that is ours.
const variablePrefix = "WIABCTL_"

// Variable is the name of the environment variable of a field.
func Variable(path string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// Settable are the paths of the fields that can be overridden: those with one value, outside of lists.
func Settable() []string {
	var all []string
	visit(reflect.TypeFor[Config](), "", func(path string, t reflect.Type) {
		if !strings.Contains(path, "[]") && path != versionField && single(t) {
			all = append(all, path)
		}
	})
	return all
}

// single tells whether the file has one value for the type; a list that can be written as one counts.
func single(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice:
		return reflect.PointerTo(t).Implements(yamlUnmarshaler)
	case reflect.Map:
		return false
	default:
		return t != nodeType && !mapped(t)
	}
}

// Overrides are what the environment ("NAME=value") and then the command line ("path=value")
// put above the file; the last word counts. It fails with BadUsage for what is no field. Variables
// that other parts of the command line read are left alone, and so are empty ones.
func Overrides(environ, set, others []string) ([]Override, error) {
	settable := Settable()
	var all []Override
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, variablePrefix) || value == "" || slices.Contains(others, name) {
			continue
		}
		i := slices.IndexFunc(settable, func(path string) bool { return Variable(path) == name })
		if i < 0 {
			return nil, BadUsage.Failf("the environment has %s, which is the variable of no field%s", name, didYouMean(name, variables(settable)))
		}
		all = append(all, Override{settable[i], value, name})
	}
	for _, text := range set {
		path, value, found := strings.Cut(text, "=")
		switch {
		case !found:
			return nil, BadUsage.Failf("--set %s is not of the form path=value", text)
		case secretValue.MatchString(value):
			return nil, BadUsage.Failf("--set %s=... shows its password to everybody on this host: give it as %s, or in the file", path, Variable(path))
		case !slices.Contains(settable, path):
			return nil, BadUsage.Failf("--set %s: %s is no field with one value%s", text, path, didYouMean(path, settable))
		}
		all = append(all, Override{path, value, "--set"})
	}
	return all, nil
}

func variables(paths []string) []string {
	var all []string
	for _, path := range paths {
		all = append(all, Variable(path))
	}
	return all
}

// didYouMean ends a sentence about a word that is not known.
func didYouMean(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// apply writes the value into the configuration, and returns what keeps it out.
func (o Override) apply(config *Config) Problems {
	at := reflect.ValueOf(config).Elem()
	for step := range strings.SplitSeq(o.Path, ".") {
		at = target(at)
		for _, f := range fieldsOf(at.Type()) {
			if f.name == step {
				at = at.FieldByIndex(f.index)
				break
			}
		}
	}
	at = target(at)
	at.SetZero()
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: o.Value}
	var in inspection
	if o.Value == "" || in.value(node, at.Type(), o.Path) && node.Decode(at.Addr().Interface()) == nil {
		return nil
	}
	for i := range in.found {
		in.found[i].From = o.From
	}
	return in.found
}

// target is what a pointer leads to, which is made if it leads nowhere; or the value itself.
func target(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Pointer {
		return v
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return v.Elem()
}

// overridden is what overrides the field, empty if nothing does.
func overridden(path string, overrides []Override) (from string) {
	for _, o := range overrides {
		if o.Path == path {
			from = o.From
		}
	}
	return from
}

// writable refuses to write fields into the file that would have no effect there.
func writable(overrides []Override, paths ...string) error {
	for _, path := range paths {
		if from := overridden(path, overrides); from != "" {
			return BadUsage.Failf("%s gives %s, which goes above what would be written into the configuration file: take it away first", from, path)
		}
	}
	return nil
}
