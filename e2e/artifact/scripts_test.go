package artifact

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The programs that the scripts call, as far as they call them; anything else
// fails. They write what they are asked to the file calls.
const (
	fakeHelm = `#!/bin/sh
echo "helm $*" >>calls
`
	fakeKubectl = `#!/bin/sh
case "$*" in
  "get nodes --no-headers") printf 'kubenode1 Ready\nkubenode2 Ready\nkubenode3 Ready\n' ;;
  "get node kubenode3 -o jsonpath"*) printf 192.0.2.13 ;;
  "get secret wire-postgresql-external-secret -o jsonpath"*) printf from-the-cluster | base64 ;;
  "get namespace cert-manager-ns" | "get certificate" | "annotate node kubenode3 wire.com/external-ip=203.0.113.10 --overwrite") ;;
  *) echo "kubectl $*: not expected" >&2; exit 1 ;;
esac
`
	fakeDocker = `#!/bin/sh
case "$*" in
  "images --format {{.Repository}}") cat images ;;
  "images --format {{.Repository}}:{{.Tag}}") sed 's/$/:5/' images ;;
  "load -i containers-adminhost/quay.io_wire_zauth_5.tar") echo quay.io/wire/zauth >>images ;;
  "load -i containers-adminhost/container-wire-server-deploy.tgz") echo quay.io/wire/wire-server-deploy >>images ;;
  "run quay.io/wire/zauth:5 -m gen-keypair") printf 'public: PUBLIC==\nsecret: SECRET==\n' ;;
  run*) ;;
  *) echo "docker $*: not expected" >&2; exit 1 ;;
esac
echo "docker $*" >>calls
`
	fakeSudo = "#!/bin/sh\nexec \"$@\"\n"
)

// deployDir is a copy of the artifact's files, with the given programs first on
// PATH.
type deployDir struct {
	t    *testing.T
	path string
	env  []string
}

func newDeployDir(t *testing.T, programs map[string]string) deployDir {
	t.Helper()
	d := deployDir{t: t, path: t.TempDir()}
	if err := os.CopyFS(d.path, os.DirFS("files")); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "BASE_DIR="+d.path, "HOME=/root", "SSH_AUTH_SOCK=")
	return d
}

// bash runs a command line in the directory and returns what it printed.
func (d deployDir) bash(line string, env ...string) (string, error) {
	cmd := exec.CommandContext(d.t.Context(), "bash", "-c", line)
	cmd.Dir = d.path
	cmd.Env = append(slices.Clone(d.env), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d deployDir) mustBash(line string, env ...string) {
	d.t.Helper()
	if out, err := d.bash(line, env...); err != nil {
		d.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

func (d deployDir) read(path string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.path, path))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func (d deployDir) add(path, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.path, path), []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// releases are the names in the recorded helm calls.
func (d deployDir) releases() []string {
	var names []string
	for line := range strings.Lines(d.read("calls")) {
		words := strings.Fields(line)
		names = append(names, words[5])
	}
	return names
}

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
