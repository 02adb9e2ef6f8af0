package assets

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"gopkg.in/yaml.v3"
)

// Where an artifact keeps the packages that the VMs install without internet, and what
// signs them.
const (
	keyFile     = "ansible/inventory/offline/group_vars/all/key.yml"
	packages    = "debs-jammy.tar"
	packagesKey = "debs-jammy/public/gpg" // apt on the VMs is told to trust it
	release     = "debs-jammy/public/dists/jammy/InRelease"
)

// soon is how long before its end a key is warned of.
const soon = 30 * 24 * time.Hour

// repository is the package repository of an artifact, as far as apt's trust goes.
type repository struct {
	Key     string // what key.yml holds: the key, or as upstream builds it its fingerprint
	trusted []byte // the key that lies with the packages, ASCII-armoured
	release []byte // the signed index
}

// signedPackages is a Failure of kind RepositoryKey if apt would refuse the artifact's
// packages at that time, and a Warning if it soon will. It judges as apt does, which
// checks the index's signature with the key that lies beside.
func signedPackages(tree fs.FS, now time.Time) error {
	found, err := readRepository(tree)
	if err != nil {
		return RepositoryKey.Failf("the artifact's package repository: %w", err)
	}
	return found.valid(now)
}

// readRepository takes the key and the index out of the tree.
func readRepository(tree fs.FS) (repository, error) {
	var found repository
	text, err := readText(tree, keyFile)
	if err != nil {
		return found, err
	}
	var variables struct {
		Key string `yaml:"docker_ubuntu_repo_repokey"`
	}
	if err := yaml.Unmarshal(text, &variables); err != nil {
		return found, fmt.Errorf("%s: %w", keyFile, err)
	}
	found.Key = variables.Key
	archive, err := tree.Open(packages)
	if err != nil {
		return found, err
	}
	defer archive.Close()
	if err := found.look(tar.NewReader(archive)); err != nil {
		return found, fmt.Errorf("%s: %w", packages, err)
	}
	return found, nil
}

// look goes through the archive's headers; what is between them is passed over.
func (r *repository) look(archive *tar.Reader) error {
	for r.trusted == nil || r.release == nil {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch path.Clean(header.Name) {
		case packagesKey:
			r.trusted, err = limited(archive, textLimit)
		case release:
			r.release, err = limited(archive, textLimit)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	return nil
}

// valid judges the repository at that time.
func (r repository) valid(now time.Time) error {
	keys, err := r.keys()
	if err != nil {
		return RepositoryKey.Failf("%w", err)
	}
	block, _ := clearsign.Decode(r.release)
	if block == nil {
		return RepositoryKey.Failf("%s in %s is not signed", release, packages)
	}
	good, err := verify(keys, block.Bytes, block.ArmoredSignature.Body, now)
	switch {
	case err != nil:
		return RepositoryKey.Failf("%s in %s: %w", release, packages, err)
	case !good.end.IsZero() && now.Add(soon).After(good.end):
		return RepositoryKey.Warnf("the key %s of the artifact's packages expires on %s: after that nothing can be installed anew from it", good.key, date(good.end))
	default:
		return nil
	}
}

// keys are those that apt is told to trust.
func (r repository) keys() (openpgp.EntityList, error) {
	armoured, where := r.trusted, packagesKey+" in "+packages
	if strings.Contains(r.Key, "-----BEGIN PGP") {
		armoured, where = []byte(r.Key), keyFile
	}
	if armoured == nil {
		return nil, fmt.Errorf("there is no %s", where)
	}
	keys, err := readKeys(armoured)
	if err != nil {
		return nil, fmt.Errorf("%s is no public key: %w", where, err)
	}
	return keys, nil
}
