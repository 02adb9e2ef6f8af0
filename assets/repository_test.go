package assets

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"wiabctl/provision/change"
)

// noon is when the keys of the tests are made.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// at is the configuration of a signer by whose clock it is that time; what it makes lasts
// as long as said, 0 for ever.
func at(when time.Time, lasts time.Duration) *packet.Config {
	return &packet.Config{
		Time: func() time.Time { return when }, Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: uint32(lasts.Seconds()),
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func newKey(when time.Time, lasts time.Duration) *openpgp.Entity {
	key, err := openpgp.NewEntity("Somebody", "", "gpg@example.org", at(when, lasts))
	check(err)
	return key
}

// armoured is the public half of keys.
func armoured(keys ...*openpgp.Entity) string {
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	check(err)
	for _, key := range keys {
		check(key.Serialize(w))
	}
	check(w.Close())
	return text.String()
}

// clearsigned is a text with its signature around it.
func clearsigned(key *packet.PrivateKey, config *packet.Config, content string) string {
	var text bytes.Buffer
	w, err := clearsign.Encode(&text, key, config)
	check(err)
	_, err = io.WriteString(w, content)
	check(errors.Join(err, w.Close()))
	return text.String()
}

// debs is a debs-jammy.tar with a key and an index; empty ones are left out.
func debs(key, index string) string {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	add := func(name, content string) {
		if content != "" {
			check(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
			_, err := io.WriteString(w, content)
			check(err)
		}
	}
	add("debs-jammy/pool/a.deb", strings.Repeat("package", 1000))
	add("debs-jammy/public/gpg", key)
	add("./debs-jammy/public/dists/jammy/InRelease", index)
	check(w.Close())
	return archive.String()
}

// index is what a release says in the tests.
const index = "Suite: jammy\nCodename: jammy\n"

// signedDebs is one whose key never ends.
var signedDebs = sync.OnceValue(func() string {
	key := newKey(noon, 0)
	return debs(armoured(key), clearsigned(key.PrivateKey, at(noon, 0), index))
})

const someKey = "docker_ubuntu_repo_repokey: '97709627DC725E718F1923FB4D7429F7EE4AEE9E'\n"

func TestSignedPackages(t *testing.T) {
	year := newKey(noon, 365*day)
	other := newKey(noon, 0)
	ends := noon.Add(365 * day)
	signed := func(key *openpgp.Entity, when time.Time) string {
		return clearsigned(key.PrivateKey, at(when, 0), index)
	}
	ofYear := debs(armoured(year), signed(year, noon))

	revoked := newKey(noon, 0)
	revokedIndex := signed(revoked, noon)
	check(revoked.RevokeKey(packet.NoReason, "", at(noon.Add(day), 0)))

	below := newKey(noon, 0) // its subkey signs, and ends before it
	check(below.AddSigningSubkey(at(noon, 100*day)))
	subkey := below.Subkeys[len(below.Subkeys)-1].PrivateKey

	short := at(noon, 0) // a signature that ends
	short.SigLifetimeSecs = uint32((50 * day).Seconds())

	tests := map[string]struct {
		keyFile, debs string
		now           time.Time
		fails, warns  string
	}{
		"valid":                       {someKey, ofYear, noon.Add(day), "", ""},
		"never ends":                  {someKey, signedDebs(), noon.Add(9000 * day), "", ""},
		"31 days left":                {someKey, ofYear, ends.Add(-31 * day), "", ""},
		"29 days left":                {someKey, ofYear, ends.Add(-29 * day), "", "expires on 2027-01-01"},
		"the last second":             {someKey, ofYear, ends.Add(-time.Second), "", "expires on 2027-01-01"},
		"expired":                     {someKey, ofYear, ends, fmt.Sprintf("its signature by the key %X expired on 2027-01-01", year.PrimaryKey.Fingerprint), ""},
		"expired long ago":            {someKey, ofYear, ends.Add(500 * day), "expired on 2027-01-01", ""},
		"revoked":                     {someKey, debs(armoured(revoked), revokedIndex), noon.Add(2 * day), "which is revoked", ""},
		"signed by another key":       {someKey, debs(armoured(year), signed(other, noon)), noon.Add(day), "it is not signed with the key", ""},
		"two keys":                    {someKey, debs(armoured(year, other), signed(other, noon)), ends.Add(day), "", ""},
		"changed afterwards":          {someKey, debs(armoured(year), strings.Replace(signed(year, noon), "jammy", "noble", 1)), noon.Add(day), "its signature is no good one", ""},
		"signed by a subkey":          {someKey, debs(armoured(below), clearsigned(subkey, at(noon, 0), index)), noon.Add(day), "", ""},
		"the subkey ends soon":        {someKey, debs(armoured(below), clearsigned(subkey, at(noon, 0), index)), noon.Add(99 * day), "", "expires on 2026-04-11"},
		"the subkey has ended":        {someKey, debs(armoured(below), clearsigned(subkey, at(noon, 0), index)), noon.Add(101 * day), "expired on 2026-04-11", ""},
		"another subkey has ended":    {someKey, debs(armoured(below), signed(below, noon)), noon.Add(101 * day), "", ""},
		"the signature has ended":     {someKey, debs(armoured(other), clearsigned(other.PrivateKey, short, index)), noon.Add(51 * day), "expired on 2026-02-20", ""},
		"a clock that is behind":      {someKey, ofYear, noon.Add(-400 * day), "by this host's clock it is 2024-11-27", ""},
		"not signed":                  {someKey, debs(armoured(year), index), noon, "is not signed", ""},
		"no index":                    {someKey, debs(armoured(year), ""), noon, "is not signed", ""},
		"no key":                      {someKey, debs("", signed(year, noon)), noon, "there is no debs-jammy/public/gpg", ""},
		"a key that is none":          {someKey, debs("no key", signed(year, noon)), noon, "debs-jammy/public/gpg in debs-jammy.tar is no public key", ""},
		"a key of enormous size":      {someKey, debs(strings.Repeat("k", textLimit+1), ""), noon, "larger than 64.0 KiB", ""},
		"no archive":                  {someKey, strings.Repeat("x", 1024), noon, "debs-jammy.tar: ", ""},
		"the key itself in key.yml":   {"docker_ubuntu_repo_repokey: |\n  " + strings.ReplaceAll(armoured(year), "\n", "\n  "), debs("", signed(year, noon)), noon.Add(day), "", ""},
		"an ended key in key.yml":     {"docker_ubuntu_repo_repokey: |\n  " + strings.ReplaceAll(armoured(year), "\n", "\n  "), debs("", signed(year, noon)), ends, "expired on", ""},
		"a broken key in key.yml":     {"docker_ubuntu_repo_repokey: '-----BEGIN PGP PUBLIC KEY BLOCK-----'", ofYear, noon, keyFile + " is no public key", ""},
		"key.yml without it":          {"other: 1\n", ofYear, noon, "", ""},
		"key.yml of another kind":     {"docker_ubuntu_repo_repokey: [1]\n", ofYear, noon, keyFile, ""},
		"key.yml that is no YAML":     {"\t- : :", ofYear, noon, keyFile, ""},
		"key.yml of an enormous size": {strings.Repeat("#", textLimit+1), ofYear, noon, "larger", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := signedPackages(fileTree(map[string]string{keyFile: test.keyFile, "debs-jammy.tar": test.debs}), test.now)
			warnings, err := change.Warnings(err)
			expect(t, err, RepositoryKey, test.fails)
			switch {
			case test.warns == "" && len(warnings) > 0, test.warns != "" && len(warnings) != 1:
				t.Errorf("warnings %v", warnings)
			case test.warns != "" && (warnings[0].ID != "repository-key" || !strings.Contains(warnings[0].Cause, test.warns)):
				t.Errorf("warning %v, want %q", warnings[0], test.warns)
			}
		})
	}
}

// expect compares an error with the one failure that is wanted, none if it says nothing.
func expect(t *testing.T, err error, kind change.Kind, says string) {
	t.Helper()
	if says == "" {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	failures := change.Failures(err)
	if len(failures) != 1 || failures[0].ID != kind.ID || !strings.Contains(failures[0].Cause, says) {
		t.Errorf("got %v, want %s that says %q", err, kind.ID, says)
	}
}

func FuzzRepository(f *testing.F) {
	key := newKey(noon, 0)
	check(key.AddSigningSubkey(at(noon, day)))
	signed := clearsigned(key.PrivateKey, at(noon, 0), index)
	f.Add(someKey, []byte(armoured(key)), []byte(signed))
	f.Add("", []byte(armoured(key, newKey(noon, day))), []byte(index))
	f.Add(armoured(key), []byte(nil), []byte(signed))
	f.Fuzz(func(t *testing.T, named string, trusted, release []byte) {
		err := repository{Key: named, trusted: trusted, release: release}.valid(noon.Add(time.Hour))
		if err != nil && !errors.Is(err, RepositoryKey.Failf("")) {
			t.Errorf("got %v", err)
		}
	})
}
