package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"wiabctl/provision/change"
)

const (
	helmScript = "bin/helm-operations.sh"
	zauth      = "containers-adminhost/quay.io_wire_zauth_*.tar"
	// kubeconfig is what bin/offline-cluster.sh leaves of a finished cluster.
	kubeconfig = "ansible/inventory/offline/artifacts/admin.conf"
)

// members are what later stages and upstream's scripts take from an artifact (contract
// section 7): a file, or a directory where the name ends in a slash.
var members = []string{
	"debs-jammy.tar", "binaries.tar", "containers-helm.tar", "containers-system.tar",
	"containers-adminhost/container-wire-server-deploy.tgz",
	"bin/offline-cluster.sh", "bin/offline-secrets.sh", "bin/offline-env.sh", helmScript,
	"ansible/inventory/offline/staging.yml", keyFile,
	"charts/", "values/", "versions/",
}

// CheckContents judges the unpacked artifact anew, for time goes on: a Failure of kind
// RepositoryKey if apt does not accept its packages any more, which is only a Warning once
// a cluster stands on them; Warnings of what will come.
func (a Artifact) CheckContents(context.Context) error {
	seen, err := a.observe()
	if err != nil || !seen.unpacked {
		return nil // what is foreign is Check's concern
	}
	root, err := os.OpenRoot(a.Dir())
	if err != nil {
		return err
	}
	defer root.Close()
	err = errors.Join(knownCharts(root.FS()), signedPackages(root.FS(), time.Now()))
	if _, none := root.Stat(kubeconfig); none == nil {
		return change.Warned(err)
	}
	return err
}

// complete tells whether the new tree in dir holds all that an installation will need, as
// it will need it, before hours are spent on it. Warnings are said.
func complete(dir string, say change.Progress) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	warnings, err := change.Warnings(contents(root.FS(), time.Now()))
	for _, w := range warnings {
		say.Sayf("%v", w)
	}
	return err
}

// contents tells all at once what is wrong with the tree of an artifact at that time.
// Where members are missing, that is all there is to tell.
func contents(tree fs.FS, now time.Time) error {
	if err := whole(tree); err != nil {
		return err
	}
	return errors.Join(steered(tree), knownCharts(tree), signedPackages(tree, now))
}

// whole names every member that is missing.
func whole(tree fs.FS) error {
	missing := slices.DeleteFunc(slices.Clone(members), func(member string) bool {
		info, err := fs.Stat(tree, strings.TrimSuffix(member, "/"))
		return err == nil && info.IsDir() == strings.HasSuffix(member, "/")
	})
	images, err := fs.Glob(tree, zauth)
	switch {
	case err != nil:
		return err
	case len(images) == 0:
		missing = append(missing, zauth)
	case len(images) > 1: // bin/offline-env.sh loads what the pattern names
		return ArtifactIncomplete.Failf("the artifact has %d images of zauth, where one is needed: %s", len(images), strings.Join(images, ", "))
	}
	if len(missing) > 0 {
		return ArtifactIncomplete.Failf("the artifact lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// steered is a Failure of kind ArtifactOutdated if helm-operations.sh does not do what its
// environment says: it would deploy another domain than the configured one.
func steered(tree fs.FS) error {
	script, err := readText(tree, helmScript)
	if err != nil {
		return ArtifactOutdated.Failf("%s: %w", helmScript, err)
	}
	names, err := ignored(script, environment)
	switch {
	case err != nil:
		return ArtifactOutdated.Failf("%s: %w", helmScript, err)
	case len(names) > 0:
		return ArtifactOutdated.Failf("%s does not take %s from its environment", helmScript, strings.Join(names, ", "))
	default:
		return nil
	}
}

// textLimit bounds what is read of a text in an artifact, in bytes; the largest is
// helm-operations.sh with ten thousand. A parser of much larger ones could be led so deep
// that the stack is not enough.
const textLimit = 64 << 10

// readText reads a text of the artifact.
func readText(tree fs.FS, name string) ([]byte, error) {
	file, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return limited(file, textLimit)
}

// limited reads a file of at most so many bytes to its end.
func limited(from io.Reader, most int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("it is larger than %s", amount(float64(most)))
	}
	return content, err
}
