package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestKeysRotate replaces all SSH keys of a running installation, once killed at a
// random moment, once in peace: the new ones open everything, the old ones nothing.
func TestKeysRotate(t *testing.T) {
	long(t)
	standing(t)
	first := keepKeys(t)
	if a := wiabctl(t, "keys", "rotate", "--yes=false"); a.code != 16 || !strings.Contains(a.stdout, "replace SSH keys user, host-assethost") {
		t.Errorf("rotate without an answer: exit code %d; it must show what it would replace, and replace nothing", a.code)
	}
	onHost(t, "diff -r "+first+" /var/lib/wiabctl/keys")
	notRotated(t)

	shown, running := hostKeys(t), machinesThatRun(t)
	moment := rand.Float64() * 10 // of the nine seconds that it takes
	killed := onHost(t, fmt.Sprintf("exec 2>&1; wiabctl keys rotate --yes & pid=$!; sleep %.3f; kill -KILL $pid; wait $pid; true", moment))
	t.Logf("killed after %.3f s:\n%s", moment, killed)
	mustWiabctl(t, "up")
	second := keepKeys(t)
	rotated := mustWiabctl(t, "keys", "rotate", "--yes")

	same(t, "VMs were restarted", running, machinesThatRun(t))
	same(t, "the files of the keys", keyFiles, onHost(t, "cd /var/lib/wiabctl/keys; find . -printf '%P %m %u\n' | sort"))
	for line := range strings.Lines(hostKeys(t)) {
		if strings.Contains(shown, line) {
			t.Errorf("this host key is shown as before: %s", line)
		}
	}
	opens(t, "/var/lib/wiabctl/keys")
	for _, old := range []string{first, second} {
		opensNothing(t, old)
	}
	onHost(t, `cd /home/wire/wire-server-deploy && runuser -u wire -- ssh -F none -i ssh/id_ed25519 -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=ssh/known_hosts demo@192.168.122.21 true`)
	if again := mustWiabctl(t, "up"); !strings.Contains(again.stdout, "\n0 changes\n") {
		t.Error("up after the rotation changes something")
	}
	answers(t, green)
	listedAsFiles(t)
	for _, text := range []string{rotated.stdout, rotated.stderr, killed, onHost(t, "cat /var/lib/wiabctl/log/*")} {
		if strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, "b3BlbnNzaC1rZXktdjE") { // how each begins, in base64
			t.Error("a private key is in the output or the logs")
		}
	}

	// A machine that starts anew reads its new seed: nothing of the old keys comes back.
	mustWiabctl(t, "vm", "restart", "datanode3")
	onVM(t, "datanode3", "true")
	opensNothing(t, second, "datanode3")
}

// notRotated demands that what could not be brought to its end is refused.
func notRotated(t *testing.T) {
	t.Helper()
	refuse := func(what string) {
		t.Helper()
		if a := wiabctl(t, "keys", "rotate", "user", "--yes"); a.code != 17 || !strings.Contains(a.stderr, what) {
			t.Errorf("exit code %d, want 17 for %s", a.code, what)
		}
	}
	onHost(t, "systemd-run --quiet --collect --unit=wiabctl-job-held sleep 600")
	refuse("wiabctl-job-held")
	onHost(t, "systemctl stop wiabctl-job-held")
	mustWiabctl(t, "snapshot", "create", "held")
	refuse("the snapshot held")
	mustWiabctl(t, "snapshot", "delete", "held", "--yes")
	before := onHost(t, "virsh dumpxml --inactive datanode1")
	onHost(t, "virsh destroy datanode1")
	refuse("datanode1")
	mustWiabctl(t, "up")
	same(t, "up changed the machine", before, onHost(t, "virsh dumpxml --inactive datanode1"))
}

const keyFiles = ` 700 root
admin 600 root
host-assethost 600 root
host-datanode1 600 root
host-datanode2 600 root
host-datanode3 600 root
host-kubenode1 600 root
host-kubenode2 600 root
host-kubenode3 600 root
user 600 root
`

// keepKeys keeps the keys of now for the test.
func keepKeys(t *testing.T) string {
	t.Helper()
	dir := strings.TrimSpace(onHost(t, "d=$(mktemp -d) && cp -a /var/lib/wiabctl/keys/. $d && echo $d"))
	t.Cleanup(func() { onHost(t, "rm -rf "+dir) })
	return dir
}

var vmAddresses = map[string]string{
	"assethost": "192.168.122.10", "kubenode1": "192.168.122.21", "kubenode2": "192.168.122.22", "kubenode3": "192.168.122.23",
	"datanode1": "192.168.122.31", "datanode2": "192.168.122.32", "datanode3": "192.168.122.33",
}

// hostKeys are those that the VMs show.
func hostKeys(t *testing.T) string {
	t.Helper()
	var addresses []string
	for _, address := range vmAddresses {
		addresses = append(addresses, address)
	}
	keys := onHost(t, "ssh-keyscan -T 20 -t ed25519 "+strings.Join(addresses, " ")+" 2>/dev/null | sort")
	if n := strings.Count(keys, "\n"); n != len(addresses) {
		t.Fatalf("%d of %d machines showed a host key", n, len(addresses))
	}
	return keys
}

// machinesThatRun are the VMs with their processes.
func machinesThatRun(t *testing.T) string {
	t.Helper()
	return onHost(t, "virsh list --name | sort; pgrep -x qemu-system-x86 | sort")
}

// loginLine logs in with a key, whatever host key is shown.
func loginLine(key, login string) string {
	return "ssh -F none -i " + key + " -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null " + login + " true"
}

// opens demands that the keys in a directory open all machines.
func opens(t *testing.T, dir string) {
	t.Helper()
	for name := range vmAddresses {
		onVM(t, name, "true") // with the known host key
	}
	onHost(t, loginLine(dir+"/admin", "wire@127.0.0.1"))
}

// opensNothing demands that the named machines, or all, refuse the keys in a directory.
func opensNothing(t *testing.T, dir string, names ...string) {
	t.Helper()
	lines := map[string]string{}
	for name, address := range vmAddresses {
		lines[name] = loginLine(dir+"/user", "demo@"+address)
	}
	lines["this host"] = loginLine(dir+"/admin", "wire@127.0.0.1")
	for name, line := range lines {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		a, err := try(t.Context(), "bash", "-c", line)
		if err != nil || a.code != 255 || !strings.Contains(a.stderr, "Permission denied (publickey") {
			t.Errorf("%s with an old key: exit %d, %v\n%s", name, a.code, err, a.stderr)
		}
	}
}

// listedAsFiles demands that `keys list` tells what ssh-keygen reads in the files.
func listedAsFiles(t *testing.T) {
	t.Helper()
	var listed []string
	for line := range strings.Lines(mustWiabctl(t, "keys", "list", "--output", "json").stdout) {
		var key struct {
			Name, Fingerprint string
			Old               bool
		}
		if err := json.Unmarshal([]byte(line), &key); err != nil || key.Old {
			t.Fatalf("listed: %s (%v)", line, err)
		}
		fingerprint := strings.Fields(onHost(t, "ssh-keygen -l -f /var/lib/wiabctl/keys/"+key.Name))[1]
		if key.Fingerprint != fingerprint {
			t.Errorf("%s is listed with %s, its file has %s", key.Name, key.Fingerprint, fingerprint)
		}
		listed = append(listed, key.Name)
	}
	if len(listed) != 9 {
		t.Errorf("listed: %v", listed)
	}
}
