package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// overlay writes a user's overlay beside the configuration file; it goes with the test.
func overlay(t testing.TB, release, content string) {
	t.Helper()
	onHost(t, "mkdir -p /etc/wiabctl/overlays")
	writeHost(t, "/etc/wiabctl/overlays/"+release+".yaml", content)
	onHost(t, "chmod 600 /etc/wiabctl/overlays/*")
	t.Cleanup(func() { onHost(t, "rm -rf /etc/wiabctl/overlays") })
}

// cordoned has the scheduler find no node for new pods until the test ends or uncordon is called.
func cordoned(t testing.TB) (uncordon func()) {
	t.Helper()
	const nodes = " kubenode1 kubenode2 kubenode3"
	kube(t, "kubebox kubectl cordon"+nodes)
	uncordon = func() { kube(t, "kubebox kubectl uncordon"+nodes) }
	t.Cleanup(uncordon)
	return uncordon
}

// pending waits until the release is in the middle of an upgrade.
func pending(t testing.TB, release string) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) error {
		a, err := try(ctx, "sh", "-c", "KUBECONFIG="+deployDir+"/ansible/inventory/offline/artifacts/admin.conf kubebox kubectl get secrets --selector owner=helm,status=pending-upgrade,name="+release+" --output name")
		if err == nil && !strings.Contains(a.stdout, "secret/") {
			err = fmt.Errorf("%s is not pending: %s", release, a.stderr)
		}
		return err
	})
}

// TestNeverReady gives smtp values of the user's while no node takes a pod: why it does not
// become ready is told, also that it cannot be asked while the API is down.
func TestNeverReady(t *testing.T) {
	standing(t, red)
	others := func() string {
		return kube(t, `helm list --all-namespaces --output json | jq -r '.[] | select(.name != "smtp") | "\(.name) \(.revision)"' | sort`)
	}
	before := others()
	config := readHost(t, configFile)
	writeHost(t, configFile, config+"cluster: {ready: 10s}\n")
	overlay(t, "smtp", "smtp:\n  config:\n    MAILNAME: mail.green.example.org\n    SMARTHOST_PASSWORD: hunter2hunter2\n")
	plan := planned(t).stdout
	saysEach(t, plan, "create file wiab/overlays/smtp/60-wiabctl-user.yaml: the values in overlays/smtp.yaml change; what differs is told at release smtp\n",
		`+ smtp.config.MAILNAME: "mail.green.example.org"`, "+ smtp.config.SMARTHOST_PASSWORD: (hidden)", "update release smtp: its values differ at smtp.config.MAILNAME")

	// The API is gone in the middle of it.
	uncordon := cordoned(t)
	up := start(t, "up")
	pending(t, "smtp")
	server := strings.TrimSpace(onHost(t, "sed -n 's|.*server: https://.*:||p' "+deployDir+"/ansible/inventory/offline/artifacts/admin.conf"))
	onHost(t, "nft 'add table inet gone; add chain inet gone out { type filter hook output priority -400; }; add rule inet gone out tcp dport "+server+" reject with tcp reset'")
	t.Cleanup(func() { onHost(t, "nft delete table inet gone 2>/dev/null || true") })
	a := <-up
	saysEach(t, a.stderr, "kubernetes-unreachable", "release smtp failed, and why cannot be asked: ask the Kubernetes API: ", "chart 1, smtp, failed after ")
	if a.code != 66 || a.took > time.Minute {
		t.Errorf("exit code %d after %s with an API that is down\n%s", a.code, a.took, a.stderr)
	}
	onHost(t, "nft delete table inet gone")

	// The API answers: it is told why.
	refuses(t, 109, []string{"release-not-ready", "release smtp does not become ready:\n", "deployment smtp is not ready\n",
		"is on no node: 0/3 nodes are available: 3 node(s) were unschedulable.", "chart 1, smtp, failed after 1"}, "up")
	uncordon()
	saysEach(t, planned(t).stdout, "update release smtp: its last deployment is failed")
	saysEach(t, mustWiabctl(t, "up").stdout, "chart 1: smtp deployed in ")
	unchanged(t)
	if values := kube(t, "helm get values smtp"); !strings.Contains(values, "MAILNAME: mail.green.example.org") {
		t.Errorf("the values of smtp are\n%s", values)
	}
	if info, err := os.Stat(theLab.Path("/home/wire/wire-server-deploy/wiab/overlays/smtp/60-wiabctl-user.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the overlay on the admin host: %v, %v", info, err)
	}

	// An overlay that goes leaves nothing.
	onHost(t, "rm /etc/wiabctl/overlays/smtp.yaml")
	writeHost(t, configFile, config)
	saysEach(t, planned(t).stdout, "- smtp.config.MAILNAME")
	mustWiabctl(t, "up")
	unchanged(t)
	if values := kube(t, "helm get values smtp"); strings.Contains(values, "MAILNAME") || strings.Contains(values, "wiabctl") {
		t.Errorf("the values of smtp without an overlay are\n%s", values)
	}
	same(t, "other releases were deployed anew", before, others())
}

// TestStuckRelease kills helm in the middle of an upgrade of the backend: the next up frees
// the release, and no client sees anything of it.
func TestStuckRelease(t *testing.T) {
	standing(t, red)
	stop := watch(t, green, red)
	overlay(t, "wire-server", "brig:\n  replicaCount: 2\n")
	uncordon := cordoned(t)
	up := start(t, "up")
	pending(t, "wire-server")
	onHost(t, "pkill -KILL -f '^/usr/local/bin/helm upgrade '")
	if a := <-up; a.code != 64 || !strings.Contains(a.stderr, "helm was ended by signal 9") {
		t.Errorf("up, whose helm was killed: exit code %d\n%s", a.code, a.stderr)
	}
	uncordon()
	saysEach(t, planned(t).stdout, "update release wire-server: its last deployment is pending-upgrade")
	saysEach(t, mustWiabctl(t, "up").stdout, "release wire-server was left pending-upgrade by a helm that is dead: ", "wire-server deployed in ")
	unchanged(t)
	asked, wrong := stop()
	if len(wrong) > 0 || asked == 0 {
		t.Errorf("%d of %d answers were wrong:\n%s", len(wrong), asked, strings.Join(wrong, "\n"))
	}
	if status := kube(t, "helm history wire-server --output json | jq -r '.[-1].status'; kubebox kubectl get deployment brig --output 'jsonpath={.status.readyReplicas}'"); status != "deployed\n2" {
		t.Errorf("wire-server is %q, want it deployed with 2 pods of brig", status)
	}
	answers(t, green, red)
	onHost(t, "rm -r /etc/wiabctl/overlays")
	mustWiabctl(t, "up")
	unchanged(t)
}
