package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wiabctl/e2e/recipe"
)

// Release is the release of Wire's that the miniature follows.
const Release = "5.32.0"

const (
	prefix  = "wire-server-deploy-static-"
	suffix  = ".tgz"
	hashLen = 40
	format  = "2" // of the archive this package writes; part of the hash
)

// Build returns the path of the archive, wire-server-deploy-static-<hash>.tgz,
// from the cache if its inputs are unchanged: the files and programs here, the types of
// cert-manager, the packages of the tools image, the release, and kubebox, the path of the executable
// that is kubectl and yq in the tools container, with helm beside it. Another release
// than Release differs in the versions of its charts and images alone. It has to be
// called from within the module's source tree, and needs go and mmdebstrap.
func Build(ctx context.Context, kubebox, release string) (string, error) {
	source, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	types, err := certManagerTypes(ctx, source)
	if err != nil {
		return "", fmt.Errorf("artifact: %w", err)
	}
	inputs, err := inputs(source, kubebox, release, types)
	if err != nil {
		return "", fmt.Errorf("artifact: %w", err)
	}
	hash := digestOf([]byte(strings.Join(inputs, "\n")))[:hashLen]
	name := prefix + hash + suffix
	dir, err := recipe.Recipe{
		Name:   "artifact",
		Inputs: inputs,
		Build: func(ctx context.Context, dir string) error {
			work, err := os.MkdirTemp("", "artifact")
			if err != nil {
				return err
			}
			defer os.RemoveAll(work)
			b := builder{source: source, work: work, types: types, kubebox: kubebox, release: release, hash: hash}
			return b.build(ctx, filepath.Join(dir, name))
		},
	}.Get(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// Hash is the 40 hexadecimal digits in the name of an archive that Build made.
func Hash(archive string) (string, error) {
	name := filepath.Base(archive)
	hash := strings.TrimSuffix(strings.TrimPrefix(name, prefix), suffix)
	if _, err := hex.DecodeString(hash); err != nil || len(hash) != hashLen || name != prefix+hash+suffix {
		return "", fmt.Errorf("%s is not the name of an artifact", name)
	}
	return hash, nil
}

// helmBeside is where helm is for a given kubebox.
func helmBeside(kubebox string) string { return filepath.Join(filepath.Dir(kubebox), "helm") }

// inputs are all that the archive depends on.
func inputs(source, kubebox, release, types string) ([]string, error) {
	all := []string{format, release, toolsRoot().Key()}
	trees := map[string]string{"types": types}
	for _, sub := range append([]string{"files", "debs"}, programs...) {
		trees[sub] = filepath.Join(source, sub)
	}
	for _, sub := range slices.Sorted(maps.Keys(trees)) {
		tree, err := recipe.Tree(trees[sub])
		if err != nil {
			return nil, err
		}
		all = append(all, sub+" "+tree)
	}
	for _, path := range []string{filepath.Join(source, "..", "..", "go.sum"), kubebox, helmBeside(kubebox)} {
		sum, err := fileDigest(path)
		if err != nil {
			return nil, err
		}
		all = append(all, sum)
	}
	return all, nil
}

// digest is the SHA-256 of all that r gives.
func digest(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// digestOf is the SHA-256 of data.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
