package redact

import (
	"bytes"
	"regexp"

	"gopkg.in/yaml.v3"
)

var (
	secretName = regexp.MustCompile(`(?i)^[\w.-]*` + ofSecrets + `[\w.-]*$`) // of one word: a log's line may look like YAML
	// harmless are names that only lead to a secret, or tell of one.
	harmless = regexp.MustCompile(`(?i)(?:name|ref|file|path|type|mode|count|namespace|selector|url|ttl|expiry|seconds|enabled|version|mount|kind|class|imagepullsecret|serviceaccounttoken)s?$|^author`)
)

// Named are the values of a YAML or JSON document, or of several, that their names tell to be secret, with all that
// is below such a name. What is no such document has none.
func Named(document []byte) (all []string) {
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	for {
		var node yaml.Node
		if err := decoder.Decode(&node); err != nil {
			return all
		}
		all = append(all, named(&node, Tells, false)...)
	}
}

// Scalars are all values of a YAML or JSON document of which everything is secret, but those of fewer than 12 bytes:
// they are words such as guest.
func Scalars(document []byte) (all []string) {
	var node yaml.Node
	if yaml.Unmarshal(document, &node) != nil {
		return nil
	}
	for _, value := range named(&node, func(string) bool { return true }, true) {
		if len(value) >= 2*shortest {
			all = append(all, value)
		}
	}
	return all
}

// named are the values at and below a node that are secret, as they tell by their names, or as it is itself. What is
// below a secret name is, but for what only leads elsewhere.
func named(node *yaml.Node, tells func(string) bool, secret bool) (all []string) {
	if node.Kind == yaml.AliasNode && node.Alias.Kind == yaml.ScalarNode { // what else it stands for is visited where it stands
		node = node.Alias
	}
	switch node.Kind {
	case yaml.ScalarNode:
		if secret && node.Tag != "!!bool" && node.Tag != "!!null" {
			all = append(all, node.Value)
		}
	case yaml.MappingNode:
		variable := isVariable(node)
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			below := tells(name) || secret && !harmless.MatchString(name) || variable && name == "value"
			all = append(all, named(node.Content[i+1], tells, below)...)
		}
	default:
		for _, child := range node.Content {
			all = append(all, named(child, tells, secret)...)
		}
	}
	return all
}

// isVariable tells whether a mapping is a secret variable of a container: {name: DB_PASSWORD, value: ...}.
func isVariable(node *yaml.Node) bool {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "name" && Tells(node.Content[i+1].Value) {
			return true
		}
	}
	return false
}

// Tells tells whether a value of this name is secret.
func Tells(name string) bool {
	return secretName.MatchString(name) && !harmless.MatchString(name)
}
