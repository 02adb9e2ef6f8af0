package provision

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wiabctl/ingress"
)

func TestEdit(t *testing.T) {
	write := func(t *testing.T, content string) string {
		file := filepath.Join(t.TempDir(), "wiabctl.yaml")
		if err := os.WriteFile(file, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		return file
	}
	read := func(t *testing.T, file string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	t.Run("keeps everything that was there, and its mode", func(t *testing.T) {
		file := write(t, smallest)
		var written [2]os.FileInfo
		for n := range written { // the second time it is there already
			err := Adding(typed("red.example.com")).Make(t.Context(), file)
			if err == nil {
				written[n], err = os.Stat(file)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !os.SameFile(written[0], written[1]) {
			t.Error("what it holds already was written again")
		}
		got := read(t, file)
		if !strings.HasPrefix(got, smallest) || strings.Count(got, "red.example.com") != 1 {
			t.Errorf("the file is now:\n%s", got)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	})
	t.Run("takes away what it added", func(t *testing.T) {
		file := write(t, smallest+"domains:\n  # mine\n  - domain: blue.example.net\n")
		before := read(t, file)
		for _, edit := range []Edit{Adding(typed("Red.example.com")), Removing("red.example.com")} {
			if err := edit.Make(t.Context(), file); err != nil {
				t.Fatal(err)
			}
		}
		if after := read(t, file); after != before {
			t.Errorf("the file is now:\n%s", after)
		}
	})
	t.Run("changes nothing to look", func(t *testing.T) {
		file := write(t, smallest)
		if _, err := Adding(typed("red.example.com")).Check(t.Context(), file); err != nil || read(t, file) != smallest {
			t.Errorf("%v; the file is now:\n%s", err, read(t, file))
		}
	})
	t.Run("through a link", func(t *testing.T) {
		file := write(t, smallest)
		link := filepath.Join(t.TempDir(), "link.yaml")
		if err := os.Symlink(file, link); err != nil {
			t.Fatal(err)
		}
		if err := Adding(typed("red.example.com")).Make(t.Context(), link); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() || !strings.Contains(read(t, file), "red") {
			t.Error("the link was replaced instead of what it leads to")
		}
	})
	t.Run("refuses a file that cannot be used", func(t *testing.T) {
		broken := smallest + "colour: red\ndomains: [{domain: red.example.com}]\n"
		file := write(t, broken)
		if err := Removing("red.example.com").Make(t.Context(), file); !errors.Is(err, ConfigInvalid.Failf("")) || read(t, file) != broken {
			t.Errorf("got %v; the file is now:\n%s", err, read(t, file))
		}
	})
	for name, domain := range map[string]string{
		"no domain at all": "a b", "the default domain": "green.example.org", "below a service of the default domain": "webapp.green.example.org",
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			file := write(t, smallest)
			if err := Adding(typed(domain)).Make(t.Context(), file); err == nil {
				t.Error("it was taken")
			}
			if read(t, file) != smallest {
				t.Error("the file was changed")
			}
		})
	}
}

// typed are domains without a file.
func typed(domains ...string) List {
	var list List
	for _, d := range domains {
		list.Domains = append(list.Domains, Domain{Domain: d})
	}
	return list
}

// What stands against domains of a list is told with its own lines, not with those of a
// configuration file that nobody has.
func TestEditTellsTheListsLines(t *testing.T) {
	const config = smallest + "domains:\n  - {domain: red.example.com}\n  - {domain: blue.example.net}\nnetwork: {https: everybody}\n"
	list, err := ReadDomains("shops.yaml", "", []byte("- domain: Blue.example.net\n# another\n- title: R\n  domain: red.example.net\n- {domain: Red-example.com, name: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		config string
		list   List
		says   []string
	}{
		"of a file": {config, list, []string{"shops.yaml cannot be added:",
			`line 3: [1].name: "red" is also the name of red.example.com, domains[0]`, `line 5: [2].domain: "red-example.com" has the same certificate name, red-example-com-csr, as red.example.com, domains[0]`}},
		"of none": {config, typed("Blue.example.net", "RED.example.net", "red.example.org"), []string{"the domains cannot be added:",
			`red.example.net: "red" is also the name of red.example.com, domains[0]`, `red.example.org: "red" is also the name of red.example.com, domains[0]`, `of red.example.net, domains[2]`}},
		"no configuration":     {smallest + "calling: [1]\n", typed("grey.example.net"), []string{"the configuration file cannot be used: ", "line 5: "}},
		"there before":         {smallest + "domains: [{domain: red.example.com}, {domain: red.example.net}]\n", typed("grey.example.net"), []string{"the configuration file, line 5: domains[1].name: "}},
		"of the configuration": {strings.Replace(config, "everybody", "proxies", 1), typed("grey.example.net"), []string{"the configuration file, line 8: network.https: ", "grey.example.net"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wiabctl.yaml")
			if err := os.WriteFile(file, []byte(tc.config), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Adding(tc.list).Check(t.Context(), file)
			if !errors.Is(err, ConfigInvalid.Failf("")) {
				t.Fatalf("got %v, want config-invalid", err)
			}
			for _, part := range tc.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got\n%v\nwant it to say %q", err, part)
				}
			}
		})
	}
}

// A certificate that tells of two domains is refused before anything is written: in the new
// domain, and in one that was alone with it so far.
func TestEditRefusesTellingCertificates(t *testing.T) {
	red, blue := Domain{Domain: "red.example.com"}, Domain{Domain: "blue.example.net"}
	red.Certificate = selfSigned(t, ingress.Hosts(red.Domain)...)
	blue.Certificate = selfSigned(t, append(ingress.Hosts(red.Domain), ingress.Hosts(blue.Domain)...)...)
	sharing := Domain{Domain: red.Domain, Certificate: blue.Certificate}
	key := newKey(t)
	grey, pink := Domain{Domain: "grey.example.org"}, Domain{Domain: "pink.example.org"}
	grey.Certificate, pink.Certificate = signedBy(t, key, ingress.Hosts(grey.Domain)...), signedBy(t, key, ingress.Hosts(pink.Domain)...)
	for name, tc := range map[string]struct {
		add  []Domain
		says []string // of each that is refused
	}{
		"each its own":             {[]Domain{red, {Domain: "blue.example.net"}}, nil},
		"for one domain alone":     {[]Domain{blue}, nil},
		"the first tells":          {[]Domain{blue, {Domain: red.Domain}}, []string{"blue.example.net: "}},
		"one key for two domains":  {[]Domain{grey, red, pink}, []string{"pink.example.org: the key in ", "is also that of grey.example.org, "}},
		"one file for two domains": {[]Domain{sharing, blue}, []string{"red.example.com: ", "blue.example.net: "}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wiabctl.yaml")
			if err := os.WriteFile(file, []byte(smallest), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Adding(List{Domains: tc.add}).Check(t.Context(), file)
			if (err == nil) != (tc.says == nil) || err != nil && !errors.Is(err, ingress.CertificateUnusable.Failf("")) {
				t.Fatalf("got %v", err)
			}
			for _, domain := range tc.says {
				if !strings.Contains(err.Error(), domain) {
					t.Errorf("got %q, want it to speak of %q", err, domain)
				}
			}
		})
	}
}

// selfSigned is a certificate for the hosts, and its key, in files.
func selfSigned(t *testing.T, hosts ...string) ingress.Certificate {
	t.Helper()
	return signedBy(t, newKey(t), hosts...)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signedBy is the same with that key.
func signedBy(t *testing.T, key *ecdsa.PrivateKey, hosts ...string) ingress.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: slices.Clone(hosts), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := ingress.Certificate{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{c.Cert: {Type: "CERTIFICATE", Bytes: cert}, c.Key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
