package ingress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// manifest are the objects that helm rendered, by kind and name: "ConfigMap galley".
type manifest map[string]Values

// readManifest reads YAML documents. What is rendered twice is an error: the second release
// to bring it could not be deployed.
func readManifest(text []byte) (manifest, error) {
	objects := manifest{}
	var twice []error
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var object Values
		if err := unmarshal(document, &object); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read what helm rendered: %w", err)
		}
		if object == nil {
			continue // comments alone
		}
		name := fmt.Sprintf("%v %v", object["kind"], at(object, "metadata", "name"))
		if objects[name] != nil {
			twice = append(twice, fmt.Errorf("there are two objects %s", name))
		}
		objects[name] = object
	}
	return objects, errors.Join(twice...)
}

// at is what stands at a path, nil for nothing. Lists are passed through by their first
// element.
func at(value any, path ...string) any {
	for _, key := range path {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		mapping, _ := value.(Values)
		value = mapping[key]
	}
	return value
}

// data are the texts of a ConfigMap or Secret, by their names.
func (m manifest) data(object string) Values {
	data, _ := at(m[object], "data").(Values)
	return data
}

// config is the YAML of a service's configuration file; nil if there is none.
func (m manifest) config(service string) Values {
	text, _ := m.data("ConfigMap " + service)[service+".yaml"].(string)
	var config Values
	if unmarshal([]byte(text), &config) != nil {
		return nil
	}
	return config
}

// environment are the variables of a Deployment's first container.
func (m manifest) environment(deployment string) map[string]string {
	list, _ := at(m["Deployment "+deployment], "spec", "template", "spec", "containers", "env").([]any)
	variables := map[string]string{}
	for _, one := range list {
		name, _ := at(one, "name").(string)
		value, _ := at(one, "value").(string)
		variables[name] = value
	}
	return variables
}

// annotation is an object's, "" for none.
func (m manifest) annotation(object, name string) string {
	text, _ := at(m[object], "metadata", "annotations", name).(string)
	return text
}

// somewhere tells whether the text stands at that path of any object.
func (m manifest) somewhere(text string, path ...string) bool {
	for _, object := range m {
		if at(object, path...) == text {
			return true
		}
	}
	return false
}

// words are the texts of a list.
func words(list any) []string {
	all, _ := list.([]any)
	var texts []string
	for _, one := range all {
		text, _ := one.(string)
		texts = append(texts, text)
	}
	return texts
}
