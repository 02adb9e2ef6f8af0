package cluster

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// testSecrets are what offline-secrets.sh makes, file by name.
func testSecrets(t testing.TB) map[string][]byte {
	t.Helper()
	public, private := zauthPair(t)
	removal := map[string]any{"ed25519": pemKey(t, must(t)(newEd25519()))}
	for signature, curve := range map[string]elliptic.Curve{
		"ecdsa_secp256r1_sha256": elliptic.P256(), "ecdsa_secp384r1_sha384": elliptic.P384(), "ecdsa_secp521r1_sha512": elliptic.P521(),
	} {
		removal[signature] = pemKey(t, must(t)(ecdsa.GenerateKey(curve, rand.Reader)))
	}
	wire := map[string]any{
		"brig":              secretsOf("pgPassword", "verysecurepassword", "zAuth", map[string]any{"publicKeys": public, "privateKeys": private}, "turn", map[string]any{"secret": "SECRET-turn"}),
		"cargohold":         secretsOf("awsKeyId", "SECRET-cargohold-id", "awsSecretKey", "SECRET-cargohold-key"),
		"galley":            secretsOf("pgPassword", "verysecurepassword", "mlsPrivateKeys", map[string]any{"removal": removal}),
		"nginz":             secretsOf("zAuth", map[string]any{"publicKeys": public}),
		"background-worker": secretsOf("pgPassword", "verysecurepassword"),
	}
	doc, err := parseDocument(valuesText(wire))
	if err != nil {
		t.Fatal(err)
	}
	text, err := doc.bytes() // indented by two, as the script does it
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		wireSecrets:    text,
		coturnSecrets:  valuesText(map[string]any{"secrets": map[string]any{"zrestSecrets": []string{"SECRET-turn"}}}),
		ansibleSecrets: valuesText(map[string]any{"minio_access_key": "SECRET-minio", "minio_cargohold_access_key": "SECRET-cargohold-id", "minio_cargohold_secret_key": "SECRET-cargohold-key"}),
	}
}

func secretsOf(pairs ...any) map[string]any {
	secrets := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		secrets[pairs[i].(string)] = pairs[i+1]
	}
	return map[string]any{"secrets": secrets}
}

// must gives a value or ends the test.
func must(t testing.TB) func(any, error) any {
	t.Helper()
	return func(value any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func newEd25519() (any, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func pemKey(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func zauthPair(t testing.TB) (public, private string) {
	t.Helper()
	p, s, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.URLEncoding.EncodeToString(p), base64.URLEncoding.EncodeToString(s)
}

// with sets a value in one of the files, or takes it away if it is nil.
func with(t testing.TB, files map[string][]byte, file, path string, value any) map[string][]byte {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal(files[file], &values); err != nil {
		t.Fatal(err)
	}
	at, steps := values, strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		at = at[step].(map[string]any)
	}
	at[steps[len(steps)-1]] = value
	if value == nil {
		delete(at, steps[len(steps)-1])
	}
	files = maps.Clone(files)
	files[file] = valuesText(values)
	return files
}

// problems are those that the checks found, none of which may hold a secret.
func problems(t *testing.T, files map[string][]byte) []string {
	t.Helper()
	var all []string
	for _, f := range checkSecrets(files) {
		if f.Problem != "" {
			all = append(all, f.Check+": "+f.Problem)
		}
		if text := fmt.Sprint(f); strings.Contains(text, "SECRET") || strings.Contains(text, "OTHER") || strings.Contains(text, "=") {
			t.Errorf("a finding shows a secret: %s", text)
		}
	}
	return all
}

func TestSecretsFitTogether(t *testing.T) {
	files := testSecrets(t)
	if got := problems(t, files); len(got) != 0 {
		t.Errorf("of secrets as they are made: %q", got)
	}
	if got := len(checkSecrets(files)); got != 9 {
		t.Errorf("%d checks", got)
	}
	otherPublic, otherPrivate := zauthPair(t)
	for _, test := range []struct {
		name       string
		file, path string
		value      any
		want       []string
	}{
		{"another access key", ansibleSecrets, "minio_cargohold_access_key", "OTHER", []string{"MinIO access key of cargohold: they differ"}},
		{"another secret key", wireSecrets, "cargohold.secrets.awsSecretKey", "OTHER", []string{"MinIO secret key of cargohold: they differ"}},
		{"another TURN secret", coturnSecrets, "secrets.zrestSecrets", []string{"OTHER", "SECRET-turn"}, []string{"TURN secret: they differ"}},
		{"no TURN secret", coturnSecrets, "secrets.zrestSecrets", []string{}, []string{"TURN secret: no text stands at secrets.zrestSecrets.0"}},
		{"a TURN secret that is a number", coturnSecrets, "secrets.zrestSecrets", []int{7}, []string{"TURN secret: no text stands at secrets.zrestSecrets.0"}},
		{"another public key in nginz", wireSecrets, "nginz.secrets.zAuth.publicKeys", otherPublic, []string{"zauth public keys: they differ"}},
		{"another private key", wireSecrets, "brig.secrets.zAuth.privateKeys", otherPrivate, []string{"zauth key pairs: pair 1: the public key is not that of the private one"}},
		{"no MLS key", wireSecrets, "galley.secrets.mlsPrivateKeys.removal.ed25519", nil,
			[]string{"MLS removal key ed25519: no text stands at galley.secrets.mlsPrivateKeys.removal.ed25519"}},
		{"an MLS key of another curve", wireSecrets, "galley.secrets.mlsPrivateKeys.removal.ecdsa_secp256r1_sha256", pemKey(t, must(t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))),
			[]string{"MLS removal key ecdsa_secp256r1_sha256: it is a key for ecdsa_secp384r1_sha384"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			harmed := with(t, files, test.file, test.path, test.value)
			if got := problems(t, harmed); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if err := Inconsistent(checkSecrets(harmed)); !errors.Is(err, SecretsInconsistent.Failf("")) || !strings.Contains(err.Error(), test.want[0]) || !strings.Contains(err.Error(), test.file) {
				t.Errorf("the failure is %v", err)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		harmed := with(t, with(t, files, ansibleSecrets, "minio_cargohold_access_key", "OTHER"), coturnSecrets, "secrets.zrestSecrets", []string{"OTHER"})
		if err := Inconsistent(checkSecrets(harmed)); err == nil || strings.Count(err.Error(), "\n") != 2 {
			t.Errorf("the failure is %v", err)
		}
	})
	for name, content := range map[string][]byte{"a file that is no YAML": []byte("SECRET: ["), "an empty file": nil, "a list": []byte("- SECRET\n")} {
		t.Run(name, func(t *testing.T) {
			harmed := maps.Clone(files)
			harmed[wireSecrets] = content
			if got := problems(t, harmed); len(got) != 9 {
				t.Errorf("%d of 9 checks find that: %q", len(got), got)
			}
		})
	}
}

func TestZauthPairs(t *testing.T) {
	public, private := zauthPair(t)
	public2, private2 := zauthPair(t)
	raw := func(text string) []byte { return must(t)(base64.URLEncoding.DecodeString(text)).([]byte) }
	mixed := base64.URLEncoding.EncodeToString(append(raw(private)[:32:32], raw(private2)[32:]...))
	for _, test := range []struct{ name, public, private, want string }{
		{"a pair", public, private, ""},
		{"two pairs", public + "\n" + public2 + "\n", private + "\n" + private2, ""},
		{"in another order", public + "\n" + public2, private2 + "\n" + private, "pair 1: the public key is not that of the private one"},
		{"one is missing", public, private + " " + private2, "1 public keys for 2 private ones"},
		{"none", "", " ", "0 public keys for 0 private ones"},
		{"halves of two seeds", public2, mixed, "pair 1: the private key's second half is not the public key of its first, the seed"},
		{"no padding", strings.TrimRight(public, "="), private, "pair 1: the public key is not padded base64url of 32 bytes"},
		{"the seed alone", public, base64.URLEncoding.EncodeToString(raw(private)[:32]), "pair 1: the private key is not padded base64url of 64 bytes"},
		{"base64 of another alphabet", public, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, 64)), "pair 1: the private key is not padded base64url of 64 bytes"},
	} {
		if got := zauthProblem(test.public, test.private); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestMLSKeys(t *testing.T) {
	good := pemKey(t, must(t)(newEd25519()))
	for _, test := range []struct{ name, signature, text, want string }{
		{"ed25519", "ed25519", good, ""},
		{"indented, as YAML may leave it", "ed25519", "\n" + good + "\n", ""},
		{"two keys", "ed25519", good + good, "it is no single PEM block of type PRIVATE KEY"},
		{"a public key", "ed25519", strings.ReplaceAll(good, "PRIVATE", "PUBLIC"), "it is no single PEM block of type PRIVATE KEY"},
		{"cut off", "ed25519", good[:len(good)/2], "it is no single PEM block of type PRIVATE KEY"},
		{"not DER", "ed25519", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("text")})), "it is no PKCS #8 key"},
		{"another scheme", "ecdsa_secp521r1_sha512", good, "it is a key for ed25519"},
		{"P-224", "ecdsa_secp256r1_sha256", pemKey(t, must(t)(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))), "it is a key for something else"},
		{"RSA", "ed25519", pemKey(t, must(t)(rsa.GenerateKey(rand.Reader, 2048))), "it is a key for something else"},
	} {
		if got := mlsProblem(test.signature, test.text); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzCheckSecrets(f *testing.F) {
	files := testSecrets(f)
	f.Add(files[wireSecrets], files[coturnSecrets], files[ansibleSecrets])
	f.Add([]byte("brig: {secrets: {zAuth: {publicKeys: !!binary AAAA}}}"), []byte("secrets: {zrestSecrets: x}"), []byte("? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, wire, coturn, ansible []byte) {
		files := map[string][]byte{wireSecrets: wire, coturnSecrets: coturn, ansibleSecrets: ansible}
		if findings := checkSecrets(files); len(findings) != 9 {
			t.Errorf("%d findings", len(findings))
		}
	})
}
