package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestPassThrough runs kubectl, helm and other programs in the tools container as a person
// does: with input, exit status, terminal and Ctrl-C.
func TestPassThrough(t *testing.T) {
	standing(t)
	if nodes := mustWiabctl(t, "kubectl", "get", "nodes", "-o", "name").stdout; nodes != "node/kubenode1\nnode/kubenode2\nnode/kubenode3\n" {
		t.Errorf("kubectl get nodes: %q", nodes)
	}
	saysEach(t, mustWiabctl(t, "helm", "--", "--namespace", "default", "list", "-q").stdout, "wire-server\n", "webapp\n")
	onHost(t, `echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: passed}, data: {word: through}}' | wiabctl kubectl apply -f -`)
	if word := mustWiabctl(t, "kubectl", "get", "configmap", "passed", "-o", "jsonpath={.data.word}"); word.stdout != "through" {
		t.Errorf("what was given as input is %q", word.stdout)
	}
	mustWiabctl(t, "kubectl", "delete", "configmap", "passed")
	if a := wiabctl(t, "d", "sh", "-c", `echo "$PWD"; echo wrong >&2; exit 42`); a.code != 42 || a.stdout != "/wire-server-deploy\n" || a.stderr != "wrong\n" {
		t.Errorf("exit status %d, output %q and %q", a.code, a.stdout, a.stderr)
	}
	const terminal = "if [ -t 0 ] && [ -t 1 ]; then echo a terminal; else echo none; fi"
	if said := onHost(t, `TERM=xterm script --quiet --return --command "wiabctl d sh -c '`+terminal+`'" /dev/null`); !strings.HasSuffix(said, "a terminal\r\n") {
		t.Errorf("on a terminal there is %q", said)
	}
	if said := mustWiabctl(t, "d", "--", "sh", "-c", terminal).stdout; said != "none\n" {
		t.Errorf("without a terminal there is %q", said)
	}

	// Ctrl-C ends what runs there too.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan answer, 1)
	go func() {
		a, err := try(ctx, "wiabctl", "d", "sleep", "600")
		if err != nil {
			t.Error(err)
		}
		ended <- a
	}()
	containers := func(ctx context.Context) (string, error) {
		return shell(ctx, "docker ps --all --filter name=wiabctl- --format '{{.Names}} {{.State}} {{.Command}}'")
	}
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		if all, err := containers(ctx); err != nil || !strings.Contains(all, "running") {
			return fmt.Errorf("no container runs: %q, %w", all, err)
		}
		return nil
	})
	onHost(t, "pkill --signal INT --oldest --full --exact 'wiabctl d sleep 600'")
	if a := <-ended; a.code != 15 {
		t.Errorf("interrupted, it ends with exit code %d, want 15\n%s", a.code, a.stderr)
	}
	eventually(t, 20*time.Second, func(ctx context.Context) error {
		all, err := containers(ctx)
		if err == nil && all != "" {
			err = fmt.Errorf("containers are left: %s", all)
		}
		return err
	})

	// The kubeconfig alone, and beside another one.
	onHost(t, `wiabctl kubeconfig >/root/wire.conf && kubebox kubectl --kubeconfig=/root/wire.conf get nodes && rm /root/wire.conf`)
	onHost(t, `printf '%s\n' 'apiVersion: v1' 'kind: Config # mine' 'current-context: work' 'contexts: [{name: work, context: {cluster: work, user: me}}]' >/root/mine.conf
KUBECONFIG=/root/mine.conf wiabctl kubeconfig --merge && KUBECONFIG=/root/mine.conf wiabctl kubeconfig --merge --output json | grep -xF '{"context":"wire","file":"/root/mine.conf"}'
[ "$(stat -c %a /root/mine.conf)" = 600 ] && grep '# mine' /root/mine.conf
export KUBECONFIG=/root/mine.conf
[ "$(kubebox kubectl config current-context)" = work ] && [ "$(kubebox kubectl config get-contexts -o name | xargs)" = "wire work" ]
kubebox kubectl --context=wire get nodes`)
	onHost(t, "sed -i s/wiabctl/somebody/ /root/mine.conf")
	if a, err := try(t.Context(), "env", "KUBECONFIG=/root/mine.conf", "wiabctl", "kubeconfig", "--merge"); err != nil || a.code != 115 {
		t.Errorf("over somebody else's context: exit code %d, %v\n%s", a.code, err, a.stderr)
	}
	onHost(t, "rm /root/mine.conf")
}
