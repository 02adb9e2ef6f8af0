package assets

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
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
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch path.Clean(header.Name) {
		case packagesKey:
			r.trusted, err = limited(archive)
		case release:
			r.release, err = limited(archive)
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
	clock := &packet.Config{Time: func() time.Time { return now }}
	signature, signer, err := openpgp.VerifyDetachedSignature(keys, bytes.NewReader(block.Bytes), block.ArmoredSignature.Body, clock)
	if signer == nil {
		return RepositoryKey.Failf("%s in %s: no good signature by %s: %w", release, packages, r.name(keys), err)
	}
	return judge(signature, signer, err, now)
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
	keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(armoured))
	if err != nil {
		return nil, fmt.Errorf("%s is no public key: %w", where, err)
	}
	return keys, nil
}

// name tells people which keys are meant.
func (r repository) name(keys openpgp.EntityList) string {
	var names []string
	for _, key := range keys {
		names = append(names, fingerprint(key))
	}
	return "the key " + strings.Join(names, ", ")
}

func fingerprint(key *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(key.PrimaryKey.Fingerprint))
}

// judge explains what is wrong, now or soon, with a signature that is genuine.
func judge(signature *packet.Signature, signer *openpgp.Entity, problem error, now time.Time) error {
	key := "the key of the artifact's package repository, " + fingerprint(signer)
	end := ends(signature, signer)
	switch {
	case signature.CreationTime.After(now):
		return RepositoryKey.Failf("%s signed it on %s, and by this host's clock it is %s", key, date(signature.CreationTime), date(now))
	case !end.IsZero() && !now.Before(end):
		return RepositoryKey.Failf("%s, has expired on %s", key, date(end))
	case errors.Is(problem, pgperrors.ErrKeyRevoked):
		return RepositoryKey.Failf("%s, is revoked", key)
	case problem != nil:
		return RepositoryKey.Failf("%s, cannot be used: %w", key, problem)
	case !end.IsZero() && now.Add(soon).After(end):
		return RepositoryKey.Warnf("%s, expires on %s: after that nothing can be installed anew from this artifact", key, date(end))
	default:
		return nil
	}
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// ends is when the first of all that the signature depends on ceases to be valid: the
// signature itself, the primary key and its own signature, the subkey that signed and
// what binds it. Zero means never.
func ends(signature *packet.Signature, signer *openpgp.Entity) time.Time {
	var first time.Time
	after := func(from time.Time, seconds *uint32) {
		if seconds == nil || *seconds == 0 {
			return
		}
		if end := from.Add(time.Duration(*seconds) * time.Second); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	after(signature.CreationTime, signature.SigLifetimeSecs)
	if own, _ := signer.PrimarySelfSignature(); own != nil {
		after(own.CreationTime, own.SigLifetimeSecs)
		after(signer.PrimaryKey.CreationTime, own.KeyLifetimeSecs)
	}
	for _, subkey := range signer.Subkeys {
		if signature.CheckKeyIdOrFingerprint(subkey.PublicKey) {
			after(subkey.Sig.CreationTime, subkey.Sig.SigLifetimeSecs)
			after(subkey.PublicKey.CreationTime, subkey.Sig.KeyLifetimeSecs)
		}
	}
	return first
}
