package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestBadInput shows that bad input is refused before any change, with the reason
// and an exit code of its own.
func TestBadInput(t *testing.T) {
	empty(t)
	edit := func(old, new string) string {
		if !strings.Contains(freshConfig, old) {
			t.Fatalf("the lab's configuration has no %q", old)
		}
		return strings.Replace(freshConfig, old, new, 1)
	}
	tests := []struct {
		name   string
		config string // instead of the lab's
		before string // a shell line that sets the stage
		after  string // a shell line that clears it
		args   []string
		exit   int
		says   []string
	}{
		{name: "no configuration file", args: []string{"up", "--config", "/nowhere.yaml"}, exit: 11, says: []string{"config-missing", "/nowhere.yaml"}},
		{name: "unknown field", config: "colour: blue\n" + freshConfig, exit: 10, says: []string{"config-invalid", "line 1: colour"}},
		{name: "missing field", config: edit("email: ops@example.org\n", ""), exit: 10, says: []string{"config-invalid", "email"}},
		{name: "two problems at once", config: edit("domain: green.example.org", "domain: Not A Domain") + "calling: maybe\n", exit: 10, says: []string{"domain: ", "calling.mode: "}},
		{name: "invalid domain", args: []string{"add-domain", "not_a_domain"}, exit: 70, says: []string{"domain-invalid", "not_a_domain"}},
		{name: "a domain that clashes", args: []string{"add-domain", "webapp.green.example.org"}, exit: 10, says: []string{"domains[0].domain"}},
		{name: "another digest", config: edit("sha256: ", "sha256: 0000000000000000000000000000000000000000000000000000000000000000 # "), exit: 50, says: []string{"artifact-digest"}},
		{name: "no KVM", config: edit("accel: tcg", "accel: kvm"), exit: 30, says: []string{"kvm-missing", "/dev/kvm"}},
		{name: "port taken", before: "systemd-run --quiet --unit=taker systemd-socket-activate --accept --listen=443 /bin/cat; sleep 1", after: "systemctl stop taker", exit: 40, says: []string{"port-taken", "443"}},
		{name: "a foreign VM", before: "echo \"<domain type='qemu'><name>kubenode2</name><memory>65536</memory><os><type>hvm</type></os></domain>\" | virsh define /dev/stdin",
			after: "virsh undefine kubenode2", exit: 31, says: []string{"vm-foreign", "kubenode2"}},
		{name: "unknown command", args: []string{"destroy"}, exit: 14, says: []string{"usage", "destroy"}},
	}
	exits := map[int]string{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := test.config
			if config == "" {
				config = freshConfig
			}
			writeHost(t, configFile, config)
			defer writeHost(t, configFile, freshConfig)
			if test.before != "" {
				onHost(t, test.before)
				defer onHost(t, test.after)
			}
			if test.args == nil {
				test.args = []string{"up"}
			}
			before := onHost(t, hostObjects)
			own := regexp.MustCompile(`(?m)^/var/(cache|lib)/wiabctl(/log.*)? [df] .*\n`) // an empty cache and the record of the refusal
			a := wiabctl(t, test.args...)
			if a.code != test.exit {
				t.Errorf("exit code %d, want %d", a.code, test.exit)
			}
			for _, part := range test.says {
				if !strings.Contains(a.stderr, part) {
					t.Errorf("it does not say %q", part)
				}
			}
			same(t, "something was changed", own.ReplaceAllString(before, ""), own.ReplaceAllString(onHost(t, hostObjects), ""))
			if readHost(t, configFile) != config {
				t.Error("the configuration file was changed")
			}
		})
		if test.exit != 10 && exits[test.exit] != "" {
			t.Errorf("%s and %s have one exit code", test.name, exits[test.exit])
		}
		exits[test.exit] = test.name
	}
}
