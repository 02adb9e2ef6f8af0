package assets

import (
	"context"
	"net/url"
	"os"
	"path"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"wiabctl/provision/change"
)

// Publisher vouches for files by a list of their digests beside them, as distributions do.
type Publisher struct {
	Sums    string // URL of the list, SHA256SUMS; empty: nobody vouches
	Keyring string // file of the keys that may sign the list, in Sums with .gpg behind; empty: not asked
}

// Check is a Failure of kind ImageSignature if the keyring cannot be used.
func (p Publisher) Check() error {
	if p.Keyring == "" {
		return nil
	}
	_, err := p.keys()
	return err
}

// digest is what the publisher's list gives for the file at the address: the one of its
// name. It fails with DownloadFailed, ImageSums or ImageSignature.
func (p Publisher) digest(ctx context.Context, address string, say change.Progress) (string, error) {
	text, err := readURL(ctx, p.Sums, mostSums, say)
	if err != nil {
		return "", err
	}
	if p.Keyring != "" {
		if err := p.signed(ctx, text, say); err != nil {
			return "", err
		}
	}
	sums, err := parseSums(text)
	if err != nil {
		return "", ImageSums.Failf("%s: %w", redacted(p.Sums), err)
	}
	name := fileName(address)
	if sums[name] == "" {
		return "", ImageSums.Failf("%s does not list %s; it lists %s", redacted(p.Sums), name, listed(sums))
	}
	return sums[name], nil
}

// mostSignature bounds what is read of a signature or a keyring, in bytes.
const mostSignature = 1 << 20

// signed checks the list's signature.
func (p Publisher) signed(ctx context.Context, text []byte, say change.Progress) error {
	keys, err := p.keys()
	if err != nil {
		return err
	}
	detached, err := readURL(ctx, signatureOf(p.Sums), mostSignature, say)
	if err != nil {
		return err
	}
	if _, err := verify(keys, text, unarmoured(detached, openpgp.SignatureType), time.Now()); err != nil {
		return ImageSignature.Failf("%s: %w", redacted(p.Sums), err)
	}
	return nil
}

// keys are those of the keyring.
func (p Publisher) keys() (openpgp.EntityList, error) {
	file, err := os.Open(p.Keyring)
	if err != nil {
		return nil, ImageSignature.Failf("vms.image.keyring: %w", err)
	}
	defer file.Close()
	content, err := limited(file, mostSignature)
	if err != nil {
		return nil, ImageSignature.Failf("vms.image.keyring: %s: %w", p.Keyring, err)
	}
	keys, err := readKeys(content)
	if err != nil {
		return nil, ImageSignature.Failf("vms.image.keyring: %s is no keyring: %w", p.Keyring, err)
	}
	return keys, nil
}

// signatureOf is where the signature of a list lies: beside it.
func signatureOf(sums string) string {
	u, err := url.Parse(sums)
	if err != nil {
		return sums + ".gpg"
	}
	u.Path += ".gpg"
	u.RawPath = ""
	return u.String()
}

// fileName is the last part of an address's path.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return path.Base(u.Path)
}
