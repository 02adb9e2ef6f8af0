package e2e

import (
	"strings"
	"testing"
)

// secretsStore is where wiabctl keeps the secrets.
const secretsStore = "/var/lib/wiabctl/secrets"

// everySecret shows all secrets of the installation, and who may read them.
const everySecret = `cd ` + deployDir + ` && sha256sum ansible/inventory/offline/group_vars/all/secrets.yaml values/{wire-server,coturn}/prod-secrets.example.yaml
for f in values/{wire-server,coturn}/secrets.yaml; do kubebox yq --output-format=json --indent=0 'sort_keys(..)' $f | sha256sum; done
find ansible/inventory/offline/group_vars/all values ansible/inventory/offline/artifacts -type f \( -name '*secrets*' -o -name '*.conf' \) -perm /077
cat wiab/jobs/secrets/receipt.json; cd ` + secretsStore + ` && find . -type f -exec sha256sum {} + | sort`

// TestSecretsKept deletes, alters and opens the installation's secrets: all come back as
// they were made, by no script and without a rollout. What is kept is believed only while it
// fits together.
func TestSecretsKept(t *testing.T) {
	standing(t)
	before, deployed := onHost(t, everySecret), revisions(t)
	if a := mustWiabctl(t, "secrets", "check"); strings.Contains(a.stdout, "problem") || !strings.Contains(a.stdout, "PostgreSQL password") {
		t.Error("secrets as they were made are not ok, or not all are checked")
	}
	turn := strings.TrimSpace(onHost(t, "kubebox yq .brig.secrets.turn.secret "+deployDir+"/values/wire-server/prod-secrets.example.yaml"))

	onHost(t, `cd `+deployDir+` && rm ansible/inventory/offline/group_vars/all/secrets.yaml values/coturn/secrets.yaml
kubebox yq -i '.brig.secrets.turn.secret = "altered"' values/wire-server/prod-secrets.example.yaml
kubebox yq -i '.galley.secrets.pgPassword = "verysecurepassword"' values/wire-server/secrets.yaml
chmod 644 values/coturn/prod-secrets.example.yaml values/team-settings/secrets.yaml
cp values/wire-server/secrets.yaml values/wire-server/secrets.yaml.bak.20260101_000000 && chmod 644 values/wire-server/secrets.yaml.bak.20260101_000000
ln -s /etc/passwd values/coturn/secrets.yaml.bak`)
	check := wiabctl(t, "secrets", "check")
	if check.code != 113 {
		t.Errorf("exit code %d, want 113", check.code)
	}
	saysEach(t, strings.Join(strings.Fields(check.stdout), " "), "MinIO access key of cargohold problem: ", "TURN secret problem: they differ", "PostgreSQL password problem: they differ")
	up := mustWiabctl(t, "up")
	saysEach(t, up.stdout, "update file values/wire-server/prod-secrets.example.yaml", "create file values/coturn/secrets.yaml", "update modes of files with secrets")
	same(t, "the secrets are not what they were", before, onHost(t, everySecret))
	same(t, "releases were deployed anew", deployed, revisions(t))
	onHost(t, `[ "$(stat -c %a /etc/passwd)" = 644 ] && rm `+deployDir+`/values/coturn/secrets.yaml.bak `+deployDir+`/values/wire-server/secrets.yaml.bak.20260101_000000`)

	// Somebody changes what is kept, everywhere alike: the halves of zauth's pair no longer
	// belong together, and the TURN servers have another secret than brig.
	onHost(t, `cp -a `+secretsStore+` /root/secrets
for dir in `+secretsStore+` `+deployDir+`; do
  kubebox yq -i '.brig.secrets.zAuth.publicKeys = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" | .nginz.secrets.zAuth.publicKeys = .brig.secrets.zAuth.publicKeys' $dir/values/wire-server/prod-secrets.example.yaml
  kubebox yq -i '.secrets.zrestSecrets[0] = "altered"' $dir/values/coturn/prod-secrets.example.yaml
done`)
	refused := wiabctl(t, "up")
	if refused.code != 113 {
		t.Errorf("exit code %d, want 113", refused.code)
	}
	saysEach(t, refused.stderr, "[secrets-inconsistent]", "TURN secret: they differ", "zauth key pairs: pair 1: the public key is not that of the private one")
	onHost(t, "rm -r "+secretsStore+" && mv /root/secrets "+secretsStore)
	mustWiabctl(t, "up")
	same(t, "the secrets are not what they were", before, onHost(t, everySecret))
	same(t, "releases were deployed anew", deployed, revisions(t))
	for _, said := range []answer{check, up, refused} {
		if strings.Contains(said.stdout+said.stderr, turn) {
			t.Error("a secret is in the output")
		}
	}
}
