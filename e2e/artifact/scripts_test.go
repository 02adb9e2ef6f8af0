package artifact

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// helmOperations is a directory for helm-operations.sh, with the real yq.
func helmOperations(t *testing.T) deployDir {
	t.Helper()
	kubebox := os.Getenv("WIABCTL_KUBEBOX")
	if kubebox == "" {
		t.Skip("WIABCTL_KUBEBOX names no kubebox")
	}
	d := newDeployDir(t, map[string]string{
		"helm": fakeHelm, "kubectl": fakeKubectl, "yq": "#!/bin/sh\nexec '" + kubebox + "' yq \"$@\"\n",
	})
	d.add("values/wire-server/prod-secrets.example.yaml", "brig: {secrets: {pgPassword: x}}\n")
	for _, database := range []string{"cassandra", "elasticsearch", "minio", "rabbitmq", "postgresql"} {
		d.add("values/"+database+"-external/values.yaml", "IPs: [192.0.2.21]\n")
	}
	return d
}

const operate = "bin/helm-operations.sh"

var operateEnv = []string{"TARGET_SYSTEM=green.example.org", "CERT_MASTER_EMAIL=ops@example.net", "HOST_IP=203.0.113.10"}

var always = []string{
	"cassandra-external", "elasticsearch-external", "minio-external", "postgresql-external", "fake-aws", "smtp", "rabbitmq-external",
	"databases-ephemeral", "reaper", "wire-server", "webapp", "account-pages", "team-settings", "ingress-nginx-controller",
}

func TestHelmOperations(t *testing.T) {
	d := helmOperations(t)
	d.mustBash(operate, operateEnv...)
	if got, want := d.releases(), append(slices.Clone(always), "cert-manager", "nginx-ingress-services", "sftd", "coturn"); !slices.Equal(got, want) {
		t.Errorf("deployed %v, want %v", got, want)
	}
	calls := d.read("calls")
	for _, want := range []string{
		"helm upgrade --install --wait --timeout=15m0s wire-server ./charts/wire-server --values ./values/wire-server/values.yaml --values ./values/wire-server/secrets.yaml\n",
		"helm upgrade --install --wait --timeout=5m0s cert-manager ./charts/cert-manager --values ./values/cert-manager/values.yaml --namespace cert-manager-ns\n",
		`--timeout=5m0s coturn ./charts/coturn --values ./values/coturn/values.yaml --values ./values/coturn/secrets.yaml --set nodeSelector.kubernetes\.io/hostname=kubenode3`,
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no call %s in\n%s", want, calls)
		}
	}
	for path, want := range map[string]string{
		"values/wire-server/values.yaml":            "external_env_domain: green.example.org",
		"values/webapp/values.yaml":                 "appHost: webapp.green.example.org",
		"values/nginx-ingress-services/values.yaml": "useCertManager: true",
		"values/sftd/values.yaml":                   "host: sftd.green.example.org",
		"values/coturn/values.yaml":                 `coturnTurnListenIP: "192.0.2.13"`,
		"values/wire-server/secrets.yaml":           "pgPassword: from-the-cluster",
	} {
		if got := d.read(path); !strings.Contains(got, want) {
			t.Errorf("%s has no %s:\n%s", path, want, got)
		}
	}
	if got := d.read("values/wire-server/values.yaml"); !strings.Contains(got, "turn:203.0.113.10:3478?transport=tcp") {
		t.Error("wire-server's values do not name the TURN server")
	}
}

// TestHelmOperationsAgain shows what a second run loses, and what not.
func TestHelmOperationsAgain(t *testing.T) {
	d := helmOperations(t)
	red := "values/nginx-ingress-services/red-values.yaml"
	d.add("values/wire-server/values.yaml", "# edited by hand\n")
	d.add("values/cassandra-external/values.yaml", "# edited too\n")
	d.add(red, "# red.example.com\n")
	d.add("values/webapp/prod-values.example.yaml", d.read("values/webapp/prod-values.example.yaml")+"# red.example.com\n")
	d.mustBash(operate, operateEnv...)
	if strings.Contains(d.read("values/wire-server/values.yaml"), "edited") {
		t.Error("the edited values survived")
	}
	kept, err := filepath.Glob(filepath.Join(d.path, "values/wire-server/values.yaml.bak.*_*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the edited values are kept as %v, %v", kept, err)
	}
	if got := d.read("values/webapp/values.yaml"); !strings.Contains(got, "# red.green.example.org") {
		t.Error("a foreign domain in the example survived the substitution")
	}
	if got := d.read("values/cassandra-external/values.yaml"); got != "# edited too\n" {
		t.Errorf("the external values became %s", got)
	}
	if got := d.read(red); got != "# red.example.com\n" {
		t.Errorf("red's values became %s", got)
	}
}

func TestHelmOperationsDefaults(t *testing.T) {
	d := helmOperations(t)
	d.mustBash(operate, "DEPLOY_CERT_MANAGER=FALSE", "DEPLOY_CALLING_SERVICES=FALSE")
	if got := d.releases(); !slices.Equal(got, always) {
		t.Errorf("deployed %v, want %v", got, always)
	}
	if _, err := os.Stat(filepath.Join(d.path, "values/nginx-ingress-services/values.yaml")); err == nil {
		t.Error("nginx-ingress-services was prepared without cert-manager")
	}
	if got := d.read("values/wire-server/values.yaml"); !strings.Contains(got, "external_env_domain: example.com") {
		t.Error("the default domain is not example.com")
	}
}

func TestOfflineSecrets(t *testing.T) {
	d := newDeployDir(t, map[string]string{"docker": fakeDocker, "sudo": fakeSudo})
	d.mustBash("bin/offline-secrets.sh", "ZAUTH_CONTAINER=quay.io/wire/zauth:5")
	const example, keep = "values/wire-server/prod-secrets.example.yaml", "ansible/inventory/offline/group_vars/all/secrets.yaml"
	first, kept := d.read(example), d.read(keep)
	if !strings.Contains(first, `privateKeys: "SECRET=="`) || strings.Count(first, "BEGIN PRIVATE KEY") != 4 || strings.Count(kept, "minio_") != 4 {
		t.Errorf("the secrets are\n%s\n%s", first, kept)
	}
	d.mustBash("bin/offline-secrets.sh", "ZAUTH_CONTAINER=quay.io/wire/zauth:5")
	if d.read(example) == first {
		t.Error("the second run kept the example secrets")
	}
	if d.read(keep) != kept {
		t.Error("the second run replaced the Ansible secrets")
	}
}

func TestOfflineEnv(t *testing.T) {
	cases := map[string]struct {
		images string // there before
		loads  int
	}{
		"none":       {"", 2},
		"one":        {"quay.io/wire/zauth\n", 1},
		"both":       {"quay.io/wire/zauth\nquay.io/wire/wire-server-deploy\n", 0},
		"look-alike": {"example.net/quay.io/wire/zauth-old\n", 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDeployDir(t, map[string]string{"docker": fakeDocker, "sudo": fakeSudo})
			d.add("images", c.images)
			if err := os.Mkdir(filepath.Join(d.path, "containers-adminhost"), 0o755); err != nil {
				t.Fatal(err)
			}
			d.add("containers-adminhost/quay.io_wire_zauth_5.tar", "")
			d.mustBash("set -euo pipefail; source bin/offline-env.sh; [ $ZAUTH_CONTAINER = quay.io/wire/zauth:5 ]; d kubectl get nodes </dev/null")
			calls := d.read("calls")
			if got := strings.Count(calls, "docker load"); got != c.loads {
				t.Errorf("loaded %d images, want %d", got, c.loads)
			}
			want := "docker run --network=host -v nonexistent:/ssh-agent -e SSH_AUTH_SOCK=/ssh-agent -v /root/.ssh:/root/.ssh -v " +
				d.path + ":/wire-server-deploy quay.io/wire/wire-server-deploy:5 kubectl get nodes\n"
			if !strings.HasSuffix(calls, want) {
				t.Errorf("d calls\n%swant\n%s", calls, want)
			}
		})
	}
}

func TestOfflineClusterWantsOneInventory(t *testing.T) {
	d := newDeployDir(t, map[string]string{"ansible-playbook": "#!/bin/sh\necho \"$*\" >>calls\n"})
	d.add("ansible/inventory/offline/inventory.yml", "")
	d.mustBash("bin/offline-cluster.sh")
	if got := strings.Count(d.read("calls"), "-i ansible/inventory/offline/inventory.yml ansible/"); got != 12 {
		t.Errorf("called ansible-playbook %d times, want 12", got)
	}
	d.add("ansible/inventory/offline/hosts.ini", "")
	if out, err := d.bash("bin/offline-cluster.sh"); err == nil || !strings.Contains(out, "keep one") {
		t.Errorf("two inventories: %v\n%s", err, out)
	}
}
