package redact

import (
	"strings"
	"testing"
)

// sshKey is what OpenSSH writes, shortened.
const sshKey = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDplantedplantedplantedplantedplantedplantedplanted
-----END OPENSSH PRIVATE KEY-----`

// What looks like a secret goes, whatever is known; the words around it stay.
func TestPatterns(t *testing.T) {
	for _, test := range []struct{ name, text, secret, stays string }{
		{"a key", "before\n" + sshKey + "\nafter", "plantedplanted", "after"},
		{"a key in JSON", `{"log":"x ` + strings.ReplaceAll(sshKey, "\n", `\n`) + ` y"}`, "plantedplanted", `{"log":"x `},
		{"a key without its end", "before\n" + sshKey[:len(sshKey)-60], "b3BlbnNzaC1rZXk", "before"},
		{"a key without its beginning", sshKey[60:] + "\nafter", "plantedplanted", "after"},
		{"a TLS key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIplanted0planted0planted0\n-----END EC PRIVATE KEY-----\n", "planted0", ""},
		{"a URL", "GET https://ops:planted0@mirror.example.org/a.tgz", "planted0", "mirror.example.org/a.tgz"},
		{"a URL with a name alone", "https://planted0@github.com/x", "planted0", "github.com/x"},
		{"a query", "https://s3.example.org/a?X-Amz-Signature=planted0&x=1", "planted0", "x=1"},
		{"a header", "Authorization: Bearer planted0planted0 and more", "planted0", "Authorization"},
		{"a cookie", "Set-Cookie: zuid=planted0.v=1", "planted0", "Cookie"},
		{"a web token", "token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5l.planted0 end", "planted0", "end"},
		{"AWS", "key AKIAPLANTED0PLANTED0 end", "PLANTED0", "end"},
		{"GitHub", "ghp_planted0planted0planted0planted0pla end", "planted0", "end"},
		{"GitLab", "glpat-planted0planted0pla end", "planted0", "end"},
		{"Slack", "xoxb-planted0-planted0 end", "planted0", "end"},
		{"docker", "dckr_pat_planted0planted0plan end", "planted0", "end"},
		{"Vault", "hvs.planted0planted0planted0 end", "planted0", "end"},
		{"a hash", "root:$6$planted0$planted0planted0:19000:0", "planted0", ":19000:0"},
		{"a variable", "PGPASSWORD=planted0 psql -h db", "planted0", "psql -h db"},
		{"YAML", "smtpPassword: planted0\nport: 25", "planted0", "port: 25"},
		{"quoted YAML", `turn_secret: "planted0 planted0" # x`, "planted0", "# x"},
		{"JSON", `{"password":"pl\"anted0","user":"ops"}`, "anted0", `"user":"ops"`},
		{"JSON in JSON", `{"text":"{\"password\":\"planted0\",\"user\":\"ops\"}"}`, "planted0", "ops"},
		{"XML", "<graphics type='vnc' passwd='planted0' port='5900'/>", "planted0", "port='5900'"},
		{"a flag", "turnserver --static-auth-secret planted0 --realm wire", "planted0", "--realm wire"},
		{"a value that goes on", "password: \"planted0\n  and on\"\nport: 25", "planted0", "port: 25"},
		{"a flag with =", "mc --secret-key=planted0 ls", "planted0", "ls"},
		{"zauth", "zauth.privateKeys=planted0", "planted0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := New(nil).Text(test.text)
			if strings.Contains(got, test.secret) || !strings.Contains(got, Hidden) || !strings.Contains(got, test.stays) {
				t.Errorf("%s\nbecomes\n%s", test.text, got)
			}
		})
	}
}

// A key that was logged has something before each of its lines, and others may speak in between.
func TestLoggedKeys(t *testing.T) {
	const before = "2026-11-29T13:00:00+00:00 kvm1 cat[123]: "
	log := "first words\n" + before + strings.ReplaceAll(sshKey, "\n", "\n"+before) + "\nlast words\n"
	for name, text := range map[string]string{
		"whole": log, "without its beginning": "first words\n" + strings.SplitN(log, "\n", 3)[2], "without its end": log[:strings.Index(log, "-----END")] + "\nlast words.\n",
	} {
		got := New(nil).Text(text)
		if strings.Contains(got, "planted") || strings.Contains(got, "b3BlbnNzaC1rZXk") || !strings.Contains(got, "first words\n") || !strings.Contains(got, "last words") {
			t.Errorf("a key %s\n%s\nbecomes\n%s", name, text, got)
		}
	}
}

// What is known goes in whatever way it is written.
func TestKnown(t *testing.T) {
	redactor := New([]string{"planted/0 \"planted\"", "planted<0>\"&planted\"", "one\nplanted-line\n-----BEGIN X-----\n", "tiny"})
	for _, text := range []string{
		`it is planted/0 "planted"`, `{"x":"planted/0 \"planted\""}`, "q=planted%2F0+%22planted%22", "cGxhbnRlZC8wICJwbGFudGVkIg==",
		"some planted-line here", `{"x":"planted<0>\"&planted\""}`, `{"x":"planted\u003c0\u003e\"\u0026planted\""}`,
	} {
		if got := redactor.Text(text); strings.Contains(got, "planted") || strings.Contains(got, "cGxhbnRl") || !strings.Contains(got, Hidden) {
			t.Errorf("%s becomes %s", text, got)
		}
	}
	if got := redactor.Text("tiny words -----BEGIN X----- stay"); got != "tiny words -----BEGIN X----- stay" {
		t.Errorf("what is no secret is lost: %s", got)
	}
}

func TestNamed(t *testing.T) {
	document := `
name: ops
smtpPassword: planted1
secretName: tls-secret-name
tokens: [planted2, {x: planted3}]
secrets: {enabled: true, zrest: planted4}
volumes: [{secret: {secretName: volume-name}}]
imagePullSecrets: [{name: registry-name}]
containers: [{name: DB_PASSWORD, value: planted5}, {name: PORT, value: "5432000"}]
word: &word planted7
db: {adminPassword: *word}
--- # the next
token: |
  planted6
`
	got := strings.Join(Named([]byte(document)), " ")
	for _, secret := range []string{"planted1", "planted2", "planted3", "planted4", "planted5", "planted6", "planted7"} {
		if !strings.Contains(got, secret) {
			t.Errorf("%s is not found: %s", secret, got)
		}
	}
	for _, innocent := range []string{"ops", "tls-secret-name", "5432000", "true", "volume-name", "registry-name"} {
		if strings.Contains(got, innocent) {
			t.Errorf("%s is no secret: %s", innocent, got)
		}
	}
	if all := Named([]byte("a log\n\tis no: {document")); all != nil {
		t.Errorf("a log holds %v", all)
	}
}

func TestScalars(t *testing.T) {
	if got := strings.Join(Scalars([]byte("a: {b: [planted-planted, guest]}\nc: 12345678901234")), " "); got != "planted-planted 12345678901234" {
		t.Errorf("%q", got)
	}
}

// Words that are no secrets stay readable, else an archive is of no use.
func TestInnocent(t *testing.T) {
	for _, text := range []string{
		"kubelet: MountVolume.SetUp failed for volume \"brig-secrets\"",
		"secretName: nginx-tls",
		`{"kind":"Secret","metadata":{"name":"wire-server"}}`,
		"2026-11-29T13:00:00Z stage cluster: create deploy directory",
		"-----BEGIN CERTIFICATE-----\nMIIBplanted\n-----END CERTIFICATE-----",
		"https://webapp.green.example.org/auth/?foo=1",
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"serviceAccountName: author",
	} {
		if got := New(nil).Text(text); got != text {
			t.Errorf("%s\nbecomes\n%s", text, got)
		}
	}
}

// Whatever is planted after a name that tells, it goes, and nothing panics.
func FuzzText(f *testing.F) {
	f.Add("password: x\n-----BEGIN RSA PRIVATE KEY-----")
	f.Add("{\"a\": [1, {\"token\": \"b\"}]}")
	f.Fuzz(func(t *testing.T, text string) {
		if got := New([]string{"planted-in-the-middle"}).Text(text + "planted-in-the-middle" + text); strings.Contains(got, "planted-in-the-middle") {
			t.Errorf("%q keeps the secret: %q", text, got)
		}
	})
}

// A log of a few megabytes is gone through in a moment.
func BenchmarkText(b *testing.B) {
	log := strings.Repeat("2026-11-29T13:00:00Z kubenode1 kubelet[1234]: MountVolume.SetUp succeeded for volume \"brig-config\" of pod brig-5d4f8b7c9-abcde, token expired\n", 1<<14)
	redactor := New([]string{"planted-secret"})
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		redactor.Text(log)
	}
}
