package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// parts are the parts of the cluster with their states, as `wiabctl status` tells them.
func parts(t *testing.T, code int) map[string]string {
	t.Helper()
	a := wiabctl(t, "status", "--output", "json")
	if a.code != code {
		t.Errorf("exit code %d, want %d", a.code, code)
	}
	if a.took > 30*time.Second {
		t.Errorf("it took %s", a.took)
	}
	all := map[string]string{}
	for _, e := range events(t, a.stdout) {
		if e.Stage == "health" {
			all[e.Subject] = e.Event
		}
	}
	return all
}

// TestHealth lets a datanode and the asset host's server go: status tells of each part that
// minds, and up brings them back, the server so that the next boot does too.
func TestHealth(t *testing.T) {
	standing(t)
	names := []string{"assethost", "nodes", "pods", "releases", "certificates", "cassandra", "elasticsearch", "minio", "postgresql", "rabbitmq"}
	well := parts(t, 0)
	for _, name := range names {
		if well[name] != "healthy" {
			t.Errorf("%s is %q after up", name, well[name])
		}
	}
	onHost(t, "virsh destroy datanode2")
	inVM(t, "assethost", "systemctl stop serve-assets.service")
	ill := parts(t, 114)
	for _, name := range names {
		want := "healthy"
		switch {
		case name == "assethost":
			want = "silent"
		case slices.Index(names, name) > 4:
			want = "unhealthy"
		}
		if ill[name] != want {
			t.Errorf("without datanode2 and the server of the assets %s is %q, want %s", name, ill[name], want)
		}
	}
	saysEach(t, wiabctl(t, "status").stdout, "cassandra: NOT WELL: 2 of 3 nodes", "primary datanode1, 1 of 2 standbys are streaming; datanode2: ", "rabbit@datanode2 is not running", "elasticsearch: NOT WELL: yellow, 2 of 3 nodes")
	saysEach(t, mustWiabctl(t, "up").stdout, "start serve-assets.service on the asset host")
	mustWiabctl(t, "vm", "restart", "assethost")
	eventually(t, time.Minute, func(ctx context.Context) error {
		a, err := try(ctx, "wiabctl", "status")
		if err == nil && a.code != 0 {
			err = fmt.Errorf("exit code %d: %s", a.code, a.stdout)
		}
		return err
	})
}

// statusRatio bounds a look by what it cannot do without: a plan, and a login with one command of root's on each datanode.
const statusRatio = 1.7

// TestStatus holds a look to little more than what it cannot do without, at its best of three, so that a crowded machine changes
// both. It tells by the exit code that there is something to do, and looks again and again until Ctrl-C.
func TestStatus(t *testing.T) {
	installed(t)
	const logins = `for datanode in datanode1 datanode2 datanode3; do wiabctl vm ssh $datanode -- sudo true & pids+=($!); done; for pid in ${pids[@]}; do wait $pid || exit; done`
	look, plan, login := time.Hour, time.Hour, time.Hour
	for range 3 {
		look = min(look, mustWiabctl(t, "status").took)
		plan = min(plan, planned(t).took)
		began := time.Now()
		onHost(t, logins)
		login = min(login, time.Since(began))
	}
	ratio := look.Seconds() / (plan + login).Seconds()
	t.Logf("status takes %s, a plan %s, a login to each datanode %s: a ratio of %.2f", look, plan, login, ratio)
	if ratio > statusRatio {
		t.Errorf("status takes %.2f times a plan and a login to each datanode, more than %.2f", ratio, statusRatio)
	}
	onHost(t, "virsh autostart --disable assethost")
	todo := wiabctl(t, "status")
	onHost(t, "virsh autostart assethost")
	if todo.code != 2 {
		t.Errorf("with something to do it ends with %d, not 2", todo.code)
	}
	saysEach(t, todo.stdout, "1 change to make, first: ")
	const untilTwo = `env --default-signal=INT wiabctl status --watch >/tmp/watched & pid=$!
for i in {1..100}; do [ "$(grep -c 'wiabctl status, at ' /tmp/watched)" -ge 2 ] && break; sleep 0.2; done
kill -INT $pid; wait $pid; code=$?; cat /tmp/watched; rm /tmp/watched; exit $code`
	watched, err := try(t.Context(), "bash", "-c", untilTwo)
	if err != nil {
		t.Fatal(err)
	}
	if blocks := strings.Count(watched.stdout, "wiabctl status, at "); watched.code != 0 || blocks < 2 || strings.Contains(watched.stdout, "\x1b") {
		t.Errorf("after %d blocks it ended with %d:\n%s%s", blocks, watched.code, watched.stdout, watched.stderr)
	}
	drawn, err := try(t.Context(), "script", "--quiet", "--return", "--command", "stty rows 10; timeout --foreground --preserve-status --signal INT 7 wiabctl status --watch", "/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	if drawn.code != 0 || !strings.Contains(drawn.stdout, "\x1b[H") || !strings.Contains(drawn.stdout, "lines more") {
		t.Errorf("on a terminal it ended with %d:\n%q%s", drawn.code, drawn.stdout, drawn.stderr)
	}
}
