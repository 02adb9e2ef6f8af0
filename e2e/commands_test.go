package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mostMemory is what a command that unpacks no artifact may take, in KiB.
const mostMemory = 100 << 10

// measured is a program that runs another one and then tells the most memory that this one, or any program that it ran,
// held at a time, in KiB: ru_maxrss of getrusage(2), which is system call 98 on x86-64.
const measured = `system @ARGV; my $code = $? >> 8; syscall 98, -1, my $usage = "\0" x 144; printf STDERR "\npeak %d KiB\n", unpack "x32q", $usage; exit $code`

// peak is what measured tells.
var peak = regexp.MustCompile(`\npeak (\d+) KiB\n$`)

// frugal demands success, within the memory that a command may take, and JSON where that was asked for.
func frugal(t *testing.T, args ...string) answer {
	t.Helper()
	a, err := try(cleanable(t), "perl", append([]string{"-e", measured, "wiabctl"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	found := peak.FindStringSubmatch(a.stderr)
	if found == nil {
		t.Fatalf("nothing tells how much memory wiabctl took: %s", a.stderr)
	}
	if a.code != 0 {
		t.Errorf("wiabctl %s: exit code %d\n%s%s", strings.Join(args, " "), a.code, a.stdout, a.stderr)
	}
	kib, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("wiabctl %s: %d MiB, %s", strings.Join(args, " "), kib>>10, a.took)
	if kib > mostMemory {
		t.Errorf("wiabctl %s takes %d MiB of memory, %d are the budget", strings.Join(args, " "), kib>>10, mostMemory>>10)
	}
	if slices.Contains(args, "json") {
		for line := range strings.Lines(a.stdout) {
			if !json.Valid([]byte(line)) {
				t.Errorf("wiabctl %s: a line is no JSON: %s", strings.Join(args, " "), line)
			}
		}
	}
	return a
}

// TestCommands calls each command once that needs an installation to do what it is for, and holds it to its memory. Each leaves
// the installation as the next one needs it.
func TestCommands(t *testing.T) {
	standing(t)
	const amber = "amber.example.org"
	frugal(t, "up", "--output", "json")
	frugal(t, "plan", "--output", "json")
	frugal(t, "status", "--output", "json")
	frugal(t, "preflight", "--ignore", "clock-unsynchronised", "--output", "json")
	frugal(t, "report", "--output", "json", "/root/wire.html")
	frugal(t, "support", "--output", "json", "/root/wire.tar.gz")
	onHost(t, "rm /root/wire.html /root/wire.tar.gz")

	frugal(t, "add-domain", amber, "--output", "json")
	frugal(t, "domain", "list", "--output", "json")
	frugal(t, "domain", "show", amber, "--output", "json")
	frugal(t, "domain", "dns", "--output", "json")
	frugal(t, "domain", "verify", "--output", "json")
	frugal(t, "domain", "leaks", "--output", "json")
	frugal(t, "remove-domain", amber, "--output", "json")

	frugal(t, "vm", "list", "--output", "json")
	frugal(t, "vm", "ssh", "kubenode1", "--", "true")
	frugal(t, "vm", "console", "kubenode1")
	frugal(t, "vm", "logs", "kubenode1")
	frugal(t, "vm", "stop", "datanode3", "--output", "json")
	frugal(t, "vm", "start", "datanode3", "--output", "json")
	frugal(t, "vm", "restart", "datanode3", "--output", "json")
	frugal(t, "snapshot", "create", "lean", "--output", "json")
	frugal(t, "snapshot", "list", "--output", "json")
	frugal(t, "snapshot", "delete", "lean", "--output", "json")

	frugal(t, "keys", "list", "--output", "json")
	frugal(t, "keys", "rotate", "user", "--output", "json")
	frugal(t, "secrets", "check", "--output", "json")
	frugal(t, "network", "show", "--output", "json")
	frugal(t, "network", "check", "--output", "json")
	frugal(t, "network", "hairpin", "status", "--output", "json")
	frugal(t, "network", "hairpin", "on", "--output", "json")
	frugal(t, "kubeconfig")
	frugal(t, "kubectl", "get", "pods")
	frugal(t, "helm", "list")
	frugal(t, "d", "true")

	helm := running(t, "wiabctl-job-helm", "up", "--again", "helm")
	frugal(t, "attach")
	if a := <-helm; a.code != 0 {
		t.Errorf("up ended with %d\n%s", a.code, a.stderr)
	}
	frugal(t, "logs", "helm")
	frugal(t, "history", "--output", "json")
	runs := history(t)
	frugal(t, "history", "show", strconv.Itoa(runs[len(runs)-1].Number), "--output", "json")
	unchanged(t)
}
