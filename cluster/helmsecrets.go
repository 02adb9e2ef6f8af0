package cluster

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// HelmSecrets are the files secrets.yaml that helm-operations.sh makes of what
// offline-secrets.sh made, and that the releases are deployed with. Into wire-server's
// the script writes the password of PostgreSQL, which the cluster keeps (contract
// section 8.4).
type HelmSecrets struct {
	Secrets Secrets
	API     *API
}

// deployedSecrets are those files by their releases, with what each is made of.
func deployedSecrets() map[string]struct{ file, origin string } {
	return map[string]struct{ file, origin string }{
		"wire-server": {"values/wire-server/secrets.yaml", wireSecrets},
		"coturn":      {"values/coturn/secrets.yaml", coturnSecrets},
	}
}

// postgresSecret is the Kubernetes secret with the password, in the namespace default.
const postgresSecret = "wire-postgresql-external-secret"

// postgresPaths are where the script writes the password.
func postgresPaths() []string {
	return []string{"brig.secrets.pgPassword", "galley.secrets.pgPassword", "background-worker.secrets.pgPassword"}
}

// Plan brings back what is altered, and what is gone of a release that is deployed. No
// rollout comes of it: the releases have the values that they were deployed with.
func (h HelmSecrets) Plan(ctx context.Context) ([]change.Change, error) {
	kept, err := h.Secrets.kept()
	if err != nil || kept == nil {
		return nil, err
	}
	password, err := h.password(ctx)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	deployed := deployedSecrets()
	for _, release := range slices.Sorted(maps.Keys(deployed)) {
		d := deployed[release]
		c, err := h.restore(ctx, release, d.file, kept[d.origin], password)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c...)
	}
	return changes, nil
}

func (h HelmSecrets) restore(ctx context.Context, release, file string, origin []byte, password string) ([]change.Change, error) {
	have, err := h.Secrets.Admin.readAny(ctx, file)
	c := change.Change{Verb: change.Update, Subject: "file " + file, Reason: "it differs from the secrets that were made for this installation"}
	if errors.Is(err, fs.ErrNotExist) {
		releases, err := h.API.Releases(ctx)
		if _, there := releases[release]; !there {
			if errors.Is(err, change.ErrNotInstalled) {
				err = nil
			}
			return nil, err
		}
		c.Verb, c.Reason = change.Create, "it is gone, and the release "+release+" was deployed with it"
	} else if err != nil {
		return nil, err
	}
	want := completed(withPassword(origin, have, password), have)
	if c.Verb == change.Update && sameMeaning(have, want) {
		return nil, nil
	}
	c.Apply = func(ctx context.Context, _ change.Progress) error {
		return h.Secrets.Admin.Write(ctx, file, want, 0o600)
	}
	return []change.Change{c}, nil
}

// withPassword is the origin with the password where it has one: the cluster's, or what
// the file in place has while the cluster has none.
func withPassword(origin, have []byte, password string) []byte {
	doc, err := parseDocument(origin)
	if err != nil {
		return origin
	}
	present := openBook(map[string][]byte{"": have})
	for _, path := range postgresPaths() {
		value := password
		if value == "" {
			value = present.at(place{"", path})
		}
		if at := doc.at(path); at != nil && value != "" {
			*at = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, LineComment: at.LineComment}
		}
	}
	text, err := doc.bytes()
	if err != nil {
		return origin
	}
	return text
}

// password is PostgreSQL's; empty while the cluster keeps none.
func (h HelmSecrets) password(ctx context.Context) (string, error) {
	var secret struct {
		Data map[string][]byte `json:"data"`
	}
	err := h.API.get(ctx, "/api/v1/namespaces/default/secrets/"+postgresSecret, nil, &secret)
	if errors.Is(err, errNotFound) || errors.Is(err, change.ErrNotInstalled) {
		return "", nil
	}
	return string(secret.Data["password"]), err
}

// Check checks all secrets: what is kept, what stands in the deploy directory, what the
// releases are deployed with. It fails with ClusterMissing while there are none.
func (h HelmSecrets) Check(ctx context.Context) ([]SecretFinding, error) {
	kept, err := h.Secrets.kept()
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return nil, ClusterMissing.Failf("the installation has no secrets yet")
	}
	files, err := h.inPlace(ctx)
	if err != nil {
		return nil, err
	}
	findings := checkSecrets(files)
	for _, name := range products() {
		f := SecretFinding{Check: "as it was made", Places: []string{name}}
		if !sameMeaning(files[name], completed(kept[name], files[name])) {
			f.Problem = "it is not what is kept of it in " + h.Secrets.Store + "; `wiabctl up` brings that back"
		}
		findings = append(findings, f)
	}
	password, err := h.password(ctx)
	if err != nil {
		return nil, err
	}
	return append(findings, checkPassword(files, password)...), nil
}

// ready returns nil when helm-operations.sh can deploy what stands in the deploy
// directory. Where something is missing the script would only warn.
func (h HelmSecrets) ready(ctx context.Context) error {
	files, err := h.inPlace(ctx)
	if err != nil {
		return err
	}
	password, err := h.password(ctx)
	if err != nil {
		return err
	}
	findings := checkSecrets(files)
	if openBook(files).at(place{wireSecrets, postgresPaths()[0]}) != "" && password == "" {
		findings = append(findings, SecretFinding{Check: "PostgreSQL password", Places: []string{"Kubernetes secret " + postgresSecret + ": password"},
			Problem: "it is not there; wire-server would be deployed with a password that opens nothing"})
	}
	return Inconsistent(findings)
}

// checkPassword compares what wire-server is deployed with, if it is there, with the
// cluster's password, if that is there.
func checkPassword(files map[string][]byte, password string) []SecretFinding {
	file := deployedSecrets()["wire-server"].file
	if _, there := files[file]; !there || password == "" {
		return nil
	}
	var places []place
	for _, path := range postgresPaths() {
		places = append(places, place{file, path})
	}
	f, values := openBook(files).read("PostgreSQL password", places...)
	f.Places = append(f.Places, "Kubernetes secret "+postgresSecret+": password")
	if f.Problem == "" && slices.ContainsFunc(values, func(value string) bool { return value != password }) {
		f.Problem = "they differ; `wiabctl up` writes the cluster's into the file"
	}
	return []SecretFinding{f}
}

// inPlace reads the secrets in the deploy directory. What is not there is not in it.
func (h HelmSecrets) inPlace(ctx context.Context) (map[string][]byte, error) {
	names := products()
	for _, d := range deployedSecrets() {
		names = append(names, d.file)
	}
	files := map[string][]byte{}
	for _, name := range names {
		content, err := h.Secrets.Admin.readAny(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	return files, nil
}
