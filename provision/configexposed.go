package provision

import (
	"fmt"
	"os"
	"regexp"

	"al.essio.dev/pkg/shellescape"
	"gopkg.in/yaml.v3"
)

var (
	// secretKey names what is a secret wherever it stands; a name of a file or of a Kubernetes
	// object ends otherwise.
	secretKey = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|secret|token|private_?key)$`)
	// secretValue is a URL with a password, or a private key in PEM.
	secretValue = regexp.MustCompile(`://[^/\s:@]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY`)
)

// exposed is SecretsExposed if the file's text has a secret and others than its owner may read
// it. wiabctl's own fields hold no secrets but in URLs; variables of an inventory and values of
// charts do.
func exposed(file string, text []byte) error {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil //nolint:nilerr // whoever reads the file says so
	}
	where := firstSecret(&root, "")
	if where == "" {
		return nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("who may read %s: %w", file, err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return SecretsExposed.Failf("%s holds a secret (%s), and others may read it (mode %04o): chmod 600 %s", file, where, info.Mode().Perm(), shellescape.Quote(file))
}

// exposedFile is exposed for a file whose text is not read yet.
func exposedFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil //nolint:nilerr // whoever uses the file says so
	}
	return exposed(file, text)
}

// notSecret is the field that names the file of a secret.
const notSecret = "calling.secret"

// firstSecret is where the first secret stands, empty if there is none.
func firstSecret(node *yaml.Node, path string) string {
	if node.Kind == yaml.AliasNode && node.Alias.Kind == yaml.ScalarNode {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode {
		named := secretKey.MatchString(path) && path != notSecret
		if secretValue.MatchString(node.Value) || named && node.ShortTag() == "!!str" && node.Value != "" {
			return fmt.Sprintf("line %d, %s", node.Line, path)
		}
		return ""
	}
	for i, child := range node.Content {
		at := path
		if node.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			at = under(path, node.Content[i-1].Value)
		}
		if found := firstSecret(child, at); found != "" {
			return found
		}
	}
	return ""
}
