package assets

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// readKeys reads public keys, binary or ASCII-armoured.
func readKeys(data []byte) (openpgp.EntityList, error) {
	keys, err := openpgp.ReadKeyRing(unarmoured(data, openpgp.PublicKeyType))
	if err == nil && len(keys) == 0 {
		err = errors.New("it holds none")
	}
	return keys, err
}

// unarmoured is the binary form of OpenPGP data that may be armoured.
func unarmoured(data []byte, kind string) io.Reader {
	block, err := armor.Decode(bytes.NewReader(data))
	if err != nil || block.Type != kind {
		return bytes.NewReader(data)
	}
	return block.Body
}

// signature is a genuine signature, and valid at the moment.
type signature struct {
	key string    // the fingerprint of the key
	end time.Time // when it ceases to be valid; zero: never
}

// verify checks a detached signature of the text, as gpgv does at that time.
func verify(keys openpgp.EntityList, text []byte, detached io.Reader, now time.Time) (signature, error) {
	clock := &packet.Config{Time: func() time.Time { return now }}
	made, signer, err := openpgp.VerifyDetachedSignature(keys, bytes.NewReader(text), detached, clock)
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return signature{}, fmt.Errorf("it is not signed with %s", fingerprints(keys))
	case signer == nil:
		return signature{}, fmt.Errorf("its signature is no good one of %s: %w", fingerprints(keys), err)
	}
	good := signature{key: fingerprint(signer), end: ends(made, signer)}
	switch {
	case made.CreationTime.After(now):
		return good, fmt.Errorf("it was signed with the key %s on %s, and by this host's clock it is %s", good.key, date(made.CreationTime), date(now))
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return good, fmt.Errorf("it is signed with the key %s, which is revoked", good.key)
	case !good.end.IsZero() && !now.Before(good.end):
		return good, fmt.Errorf("its signature by the key %s expired on %s", good.key, date(good.end))
	case err != nil:
		return good, fmt.Errorf("it is signed with the key %s, which cannot be used: %w", good.key, err)
	default:
		return good, nil
	}
}

// ends is when the first of all that the signature depends on ceases to be valid: the
// signature itself, the primary key and its own signature, the subkey that signed and
// what binds it. Zero means never.
func ends(made *packet.Signature, signer *openpgp.Entity) time.Time {
	var first time.Time
	after := func(from time.Time, seconds *uint32) {
		if seconds == nil || *seconds == 0 {
			return
		}
		if end := from.Add(time.Duration(*seconds) * time.Second); first.IsZero() || end.Before(first) {
			first = end
		}
	}
	after(made.CreationTime, made.SigLifetimeSecs)
	if own, _ := signer.PrimarySelfSignature(); own != nil {
		after(own.CreationTime, own.SigLifetimeSecs)
		after(signer.PrimaryKey.CreationTime, own.KeyLifetimeSecs)
	}
	for _, subkey := range signer.Subkeys {
		if made.CheckKeyIdOrFingerprint(subkey.PublicKey) {
			after(subkey.Sig.CreationTime, subkey.Sig.SigLifetimeSecs)
			after(subkey.PublicKey.CreationTime, subkey.Sig.KeyLifetimeSecs)
		}
	}
	return first
}

func fingerprint(key *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(key.PrimaryKey.Fingerprint))
}

// fingerprints names keys for people.
func fingerprints(keys openpgp.EntityList) string {
	var all []string
	for _, key := range keys {
		all = append(all, fingerprint(key))
	}
	return "the key " + strings.Join(all, ", ")
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
