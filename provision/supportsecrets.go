package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/provision/change"
	"wiabctl/provision/redact"
)

// secretFiles are files of which the secrets are known, by the way in which they hold them: patterns of paths.
type secretFiles struct {
	whole   []string // every line is one: private keys
	scalars []string // YAML of which every value is one
	named   []string // YAML of which those values are that their names tell
}

// secretPlaces are the files on this host that hold secrets of the installation: in the state directory, in all
// versions of the deploy directory, and beside the configuration.
func secretPlaces(configDir, deployDir string) secretFiles {
	configDir, deployDir = literally(configDir), literally(deployDir)
	places := secretFiles{
		whole: []string{filepath.Join(stateDir, "keys", "*"), filepath.Join(stateDir, "keys", "*", "*")},
		named: []string{filepath.Join(configDir, "*.y*ml"), filepath.Join(configDir, overlaysDir, "*"),
			filepath.Join(deployDir+"*", "values", "*", "values.yaml"), filepath.Join(deployDir+"*", "wiab", "overlays", "*", "*"),
			filepath.Join(deployDir+"*", "ansible", "inventory", "*", "artifacts", "admin.conf")},
	}
	for _, root := range []string{filepath.Join(stateDir, "secrets"), deployDir + "*"} {
		places.scalars = append(places.scalars, filepath.Join(root, "values", "*", "*secrets*"),
			filepath.Join(root, "ansible", "inventory", "*", "group_vars", "all", "secrets*"))
	}
	return places
}

// literally is a pattern that matches this path alone, whatever is in it.
func literally(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// secrets reads them all. The error names files that cannot be read: what is in them cannot be recognised.
func (f secretFiles) secrets() ([]string, error) {
	var all []string
	var errs []error
	for _, kind := range []struct {
		patterns []string
		secrets  func([]byte) []string
	}{{f.whole, privateLines}, {f.scalars, redact.Scalars}, {f.named, redact.Named}} {
		for _, pattern := range kind.patterns {
			paths, _ := filepath.Glob(pattern) // the patterns are ours
			for _, path := range paths {
				if info, err := os.Stat(path); err == nil && info.IsDir() {
					continue
				}
				content, err := fileEnd(path)
				all, errs = append(all, kind.secrets(content)...), append(errs, err)
			}
		}
	}
	return all, errors.Join(errs...)
}

// privateLines are the lines of a file of which all is secret; a public key is not.
func privateLines(content []byte) []string {
	if bytes.HasPrefix(content, []byte("ssh-")) {
		return nil
	}
	return []string{string(content)}
}

// clusterSecrets are those that Kubernetes keeps; none while there is no cluster.
func (i *Installation) clusterSecrets(ctx context.Context) (all []string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, collecting, fmt.Errorf("nothing came within %s", collecting))
	defer cancel()
	values, err := i.api.SecretValues(ctx)
	if errors.Is(err, change.ErrNotInstalled) {
		err = nil
	}
	for key, contents := range values {
		for _, content := range contents {
			switch {
			case redact.Tells(key) || strings.Contains(content, "PRIVATE KEY"):
				all = append(all, content)
			default:
				all = append(all, redact.Named([]byte(content))...)
			}
		}
	}
	return all, err
}

// ownSecrets are in files that the configuration names: keys of certificates, the secret of TURN servers.
func (i *Installation) ownSecrets() ([]string, error) {
	own := secretFiles{whole: []string{literally(i.config.Calling.Secret)}}
	for _, d := range i.config.Ingress.Domains {
		own.whole = append(own.whole, literally(d.Certificate.Key))
	}
	return own.secrets()
}
