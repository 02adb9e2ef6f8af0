package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// SecretFinding is what one check of the secrets came to. It never holds a secret.
type SecretFinding struct {
	Check   string   `json:"check"`             // "TURN secret"
	Places  []string `json:"places"`            // "values/coturn/prod-secrets.example.yaml: secrets.zrestSecrets.0"
	Problem string   `json:"problem,omitempty"` // empty: all is as it should be
}

// place is where a secret stands: a path in a YAML file, its steps divided by dots.
type place struct{ file, path string }

// String names the place.
func (p place) String() string { return p.file + ": " + p.path }

// book is what several YAML files hold, by their names.
type book map[string]any

// openBook reads the files. One that is no YAML holds nothing.
func openBook(files map[string][]byte) book {
	b := book{}
	for name, content := range files {
		var values any
		if yaml.Unmarshal(content, &values) == nil {
			b[name] = values
		}
	}
	return b
}

// at is the text that stands at a place; empty if there is none.
func (b book) at(p place) string {
	value := b[p.file]
	for step := range strings.SplitSeq(p.path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return ""
			}
			value = v[i]
		default:
			return ""
		}
	}
	text, _ := value.(string)
	return text
}

// agree finds out whether the same stands at all places.
func (b book) agree(check string, places ...place) SecretFinding {
	f, values := b.read(check, places...)
	if f.Problem == "" && len(slices.Compact(values)) > 1 {
		f.Problem = "they differ"
	}
	return f
}

// read gives what stands at the places, with a finding that tells what is wrong there.
func (b book) read(check string, places ...place) (f SecretFinding, values []string) {
	f.Check = check
	var problems []string
	for _, p := range places {
		f.Places = append(f.Places, p.String())
		values = append(values, b.at(p))
		if b.at(p) == "" {
			problems = append(problems, "no text stands at "+p.path)
		}
	}
	f.Problem = strings.Join(problems, "; ")
	return f, values
}

// checkSecrets checks what offline-secrets.sh made (contract section 8.2), file by name.
func checkSecrets(files map[string][]byte) []SecretFinding {
	b := openBook(files)
	wire := func(path string) place { return place{wireSecrets, path} }
	findings := []SecretFinding{
		b.agree("MinIO access key of cargohold", wire("cargohold.secrets.awsKeyId"), place{ansibleSecrets, "minio_cargohold_access_key"}),
		b.agree("MinIO secret key of cargohold", wire("cargohold.secrets.awsSecretKey"), place{ansibleSecrets, "minio_cargohold_secret_key"}),
		b.agree("TURN secret", wire("brig.secrets.turn.secret"), place{coturnSecrets, "secrets.zrestSecrets.0"}),
		b.agree("zauth public keys", wire("brig.secrets.zAuth.publicKeys"), wire("nginz.secrets.zAuth.publicKeys")),
	}
	zauth, keys := b.read("zauth key pairs", wire("brig.secrets.zAuth.publicKeys"), wire("brig.secrets.zAuth.privateKeys"))
	if zauth.Problem == "" {
		zauth.Problem = zauthProblem(keys[0], keys[1])
	}
	findings = append(findings, zauth)
	for _, signature := range mlsSignatures() {
		f, keys := b.read("MLS removal key "+signature, wire("galley.secrets.mlsPrivateKeys.removal."+signature))
		if f.Problem == "" {
			f.Problem = mlsProblem(signature, keys[0])
		}
		findings = append(findings, f)
	}
	return findings
}

// Inconsistent is the failure that names all problems at once, nil if there are none.
func Inconsistent(findings []SecretFinding) error {
	var lines []string
	for _, f := range findings {
		if f.Problem != "" {
			lines = append(lines, fmt.Sprintf("%s: %s (%s)", f.Check, f.Problem, strings.Join(f.Places, ", ")))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return SecretsInconsistent.Failf("the secrets do not fit together:\n%s", strings.Join(lines, "\n"))
}
