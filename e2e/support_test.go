package e2e

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// madeSecrets are the values that upstream's script made for the installation, those of twelve bytes and more.
func madeSecrets(t *testing.T) []string {
	t.Helper()
	all := strings.Fields(onHost(t, `for f in `+secretsStore+`/values/{wire-server,coturn}/*.yaml `+secretsStore+`/ansible/inventory/offline/group_vars/all/secrets.yaml; do
kubebox yq '.. | select(tag == "!!str")' $f; done | grep -v -e '^-----' -e ' ' | awk 'length($0) >= 12' | sort -u`))
	if len(all) < 10 {
		t.Fatalf("only %d secrets are found", len(all))
	}
	return all
}

// Secrets that are planted: of each kind one, where it may come to be by somebody's mistake.
const (
	plantedURL    = "https://ops:planted-0-password@mirror.example.org/a.tgz"
	plantedTokens = "ghp_planted1planted1planted1planted1pla AKIAPLANTED2PLANTED2 xoxb-planted3-planted3 eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjo0fQ.planted4"
	plantedMail   = "planted-5-smtp" // in an overlay, and in a log where nothing tells what it is
	plantedKube   = "planted-6-kube" // in a Secret, and in an event where nothing tells what it is
)

// TestSupport plants secrets of every kind in every source, and finds none of them in the archive, while all sources are.
func TestSupport(t *testing.T) {
	standing(t)
	made := madeSecrets(t)
	onHost(t, `set -e; mkdir -p /etc/wiabctl/overlays
echo 'brig: {secrets: {smtpPassword: `+plantedMail+`}}' >/etc/wiabctl/overlays/wire-server.yaml
ssh-keygen -q -t ed25519 -N '' -f /root/planted-ssh; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout /root/planted-tls -out /dev/null 2>/dev/null
conf=`+deployDir+`/ansible/inventory/offline/artifacts/admin.conf
{ echo 'GET `+plantedURL+`'; echo '`+plantedTokens+`'; echo 'mail: `+plantedMail+`'; cat /root/planted-ssh /root/planted-tls $conf; cat /var/lib/wiabctl/keys/user; cat `+secretsStore+`/values/*/*.yaml; } >/root/planted
cat /root/planted >>/var/lib/wiabctl/console/assethost; cat /root/planted >/var/lib/wiabctl/log/planted; cat /root/planted >>/var/log/libvirt/qemu/assethost.log
systemd-run --quiet --wait --unit wiabctl-planted cat /root/planted
echo '# token=planted-7-hosts' >>/etc/hosts
nft add chain ip foreign planted '{ comment "password=planted-8-nft"; }'`)
	kube(t, `kubebox kubectl create secret generic planted --from-literal=password=`+plantedKube+`
kubebox kubectl create -f - <<X
{"apiVersion": "v1", "kind": "Event", "metadata": {"name": "planted"}, "involvedObject": {"kind": "Pod", "name": "x", "namespace": "default"}, "message": "it said `+plantedKube+`", "reason": "Planted", "type": "Normal"}
X`)
	t.Cleanup(func() {
		onHost(t, `rm -r /etc/wiabctl/overlays /root/planted* /root/wire.tar.gz /var/lib/wiabctl/log/planted; sed -i '/planted/d' /etc/hosts; nft delete chain ip foreign planted
truncate -s 0 /var/lib/wiabctl/console/assethost`)
		kube(t, "kubebox kubectl delete secret,event planted")
	})
	ssh, tls := keyLines(readHost(t, "/root/planted-ssh")), keyLines(readHost(t, "/root/planted-tls"))
	user := keyLines(readHost(t, "/var/lib/wiabctl/keys/user"))
	client := strings.Fields(onHost(t, `kubebox yq '.users[0].user."client-key-data"' `+deployDir+"/ansible/inventory/offline/artifacts/admin.conf"))

	a := mustWiabctl(t, "support", "/root/wire.tar.gz")
	if a.took > 30*time.Second {
		t.Errorf("it took %s", a.took)
	}
	if mode := onHost(t, "stat -c %a /root/wire.tar.gz"); mode != "600\n" {
		t.Errorf("the archive has mode %s", mode)
	}
	files := unpacked(t, theLab.Path("/root/wire.tar.gz"))
	for name, says := range map[string]string{
		"wiabctl/plan": "cluster: 0 changes", "wiabctl/health": "cassandra", "wiabctl/vms": "kubenode3", "wiabctl/domains": green, "wiabctl/console/assethost": "mirror.example.org",
		"wiabctl/log/planted": "mirror.example.org", "libvirt/domains.xml": "<name>kubenode1</name>", "network/nftables": "table ip wiabctl", "kubernetes/events.json": "it said (secret)",
		"kubernetes/pods.json": "brig", "jobs/latest": "PLAY RECAP", "configuration/wiabctl.yaml": green, "configuration/overlays/wire-server.yaml": "smtpPassword: (secret)",
		"host/journal/wiabctl": "mirror.example.org", "host/kernel": "Linux", "docker/images": "quay.io", "versions": "wiabctl", "missing": "",
	} {
		if text, there := files[name]; !there && says != "" || !strings.Contains(text, says) {
			t.Errorf("%s does not tell of %q (%d bytes)", name, says, len(text))
		}
	}
	secrets := append(strings.Fields(plantedTokens), "planted-0", plantedMail, plantedKube, "planted-7", "planted-8", "planted1", "PLANTED2", "planted3", "planted4")
	for name, text := range files {
		for _, secret := range append(append(append(append(append(secrets, made...), ssh...), tls...), user...), client...) {
			if len(secret) >= 8 && strings.Contains(text, secret) {
				t.Errorf("a secret is in %s: %.24s", name, secret)
			}
		}
	}
	t.Logf("not collected:\n%s", files["missing"])

	// Without a configuration it collects what the host tells.
	saysEach(t, mustWiabctl(t, "support", "-c", "/nowhere.yaml", "/root/planted.tar.gz").stdout, "not collected: the installation: there is no configuration file", "files are in /root/planted.tar.gz")
}

// keyLines are the lines of a private key.
func keyLines(key string) (lines []string) {
	for line := range strings.Lines(key) {
		if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "-----") {
			lines = append(lines, line)
		}
	}
	return lines
}

// unpacked are the files of an archive.
func unpacked(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	compressed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for members := tar.NewReader(compressed); ; {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(members)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel("wiabctl-support", header.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(content)
	}
}
