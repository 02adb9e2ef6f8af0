package e2e

import (
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
		{name: "a domain that clashes", args: []string{"add-domain", "webapp.green.example.org"}, exit: 10, says: []string{"webapp.green.example.org: "}},
		{name: "another digest", config: edit("sha256: ", "sha256: 0000000000000000000000000000000000000000000000000000000000000000 # "), exit: 50, says: []string{"artifact-digest"}},
		{name: "no KVM", config: edit("accel: tcg", "accel: kvm"), exit: 30, says: []string{"kvm-missing", "/dev/kvm"}},
		{name: "port taken", before: "systemd-run --quiet --unit=taker systemd-socket-activate --accept --listen=443 /bin/cat; " + listens("t", 443), after: "systemctl stop taker", exit: 40, says: []string{"port-taken", "443"}},
		{name: "a foreign VM", before: "echo \"<domain type='qemu'><name>kubenode2</name><memory>65536</memory><os><type>hvm</type></os></domain>\" | virsh define /dev/stdin",
			after: "virsh undefine kubenode2", exit: 31, says: []string{"vm-foreign", "kubenode2"}},
		{name: "an overlay for nothing", before: "mkdir /etc/wiabctl/overlays; echo 'a: yes' >/etc/wiabctl/overlays/smtp.yaml; echo 'a: b' >/etc/wiabctl/overlays/mail.yaml",
			after: "rm -r /etc/wiabctl/overlays", exit: 111, says: []string{"overlay-invalid", "/etc/wiabctl/overlays/smtp.yaml", "line 1: yes", "there is no release mail"}},
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
			refused(t, test.exit, test.says, test.args...)
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

// TestForeignRefused puts somebody else's things in the places of ours: each is refused
// before any change, and stays as it is.
func TestForeignRefused(t *testing.T) {
	empty(t)
	for _, test := range []struct {
		name   string
		before string // makes the thing
		shows  string // shows it
		after  string // takes it away
		exit   int
		says   []string
	}{
		{name: "a domain", before: "echo \"<domain type='qemu'><name>datanode3</name><memory>65536</memory><os><type>hvm</type></os></domain>\" | virsh define /dev/stdin",
			shows: "virsh dumpxml datanode3", after: "virsh undefine datanode3", exit: 31, says: []string{"vm-foreign", "datanode3"}},
		{name: "another deployment's domain", before: "echo \"<domain type='qemu'><name>assethost</name><metadata><w:machine xmlns:w='https://wiabctl.dev/1' deployment='other'/></metadata>" +
			"<memory>65536</memory><os><type>hvm</type></os></domain>\" | virsh define /dev/stdin",
			shows: "virsh dumpxml assethost", after: "virsh undefine assethost", exit: 31, says: []string{"vm-foreign", "another deployment, \"other\""}},
		{name: "a disk", before: "qemu-img create -q -f qcow2 /var/lib/libvirt/images/kubenode1.qcow2 1G",
			shows: "stat -c '%i %s %a %U %Y %Z' /var/lib/libvirt/images/kubenode1.qcow2; sha256sum /var/lib/libvirt/images/kubenode1.qcow2", after: "rm /var/lib/libvirt/images/kubenode1.qcow2",
			exit: 31, says: []string{"vm-foreign", "kubenode1.qcow2 without a domain of ours"}},
		{name: "a seed", before: "echo precious >/var/lib/libvirt/images/kubenode1-seed.iso", shows: "stat -c '%i %s %a %U %Y %Z' /var/lib/libvirt/images/kubenode1-seed.iso",
			after: "rm /var/lib/libvirt/images/kubenode1-seed.iso", exit: 31, says: []string{"vm-foreign", "kubenode1-seed.iso without a domain of ours"}},
		{name: "a libvirt network", before: "echo \"<network><name>wirebox</name><bridge name='virbr7'/></network>\" | virsh net-define /dev/stdin",
			shows: "virsh net-dumpxml wirebox", after: "virsh net-undefine wirebox", exit: 41, says: []string{"network-foreign", "wirebox"}},
		{name: "a bridge", before: "ip link add virbr0 type bridge", shows: "ip -d link show virbr0", after: "ip link del virbr0", exit: 41, says: []string{"network-foreign", "virbr0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			onHost(t, test.before)
			defer onHost(t, test.after)
			thing := onHost(t, test.shows)
			refuses(t, test.exit, test.says, "up")
			mustWiabctl(t, "down", "--yes")
			same(t, "up or down touched it", thing, onHost(t, test.shows))
		})
	}
	same(t, "something was changed", freshHost, onHost(t, hostObjects))
}

// TestSubnetClash refuses a range that somebody else on the host uses, names one that
// is free, and moves the whole deployment there when told to.
func TestSubnetClash(t *testing.T) {
	empty(t)
	for _, test := range []struct{ name, before, after, says string }{
		{"a route", "ip route add 192.168.122.128/25 dev host0", "ip route delete 192.168.122.128/25", "192.168.122.128/25, which this host reaches through host0"},
		{"an address of a link that is down", "ip link add clash0 type bridge && ip address add 192.168.122.9/24 dev clash0", "ip link delete clash0",
			"192.168.122.0/24 of the interface clash0"},
		{"an inactive libvirt network", "echo \"<network><name>clash</name><bridge name='clash0'/><ip address='192.168.0.1' netmask='255.255.0.0'/></network>\" | virsh net-define /dev/stdin",
			"virsh net-undefine clash", "192.168.0.0/16 of libvirt's network clash"},
		{"a docker network", "docker network create --subnet 192.168.112.0/20 --opt com.docker.network.bridge.name=clash0 clash && ip link delete clash0",
			"docker network rm clash", "192.168.112.0/20 of docker's network clash"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := onHost(t, hostObjects)
			onHost(t, test.before)
			defer func() {
				onHost(t, test.after)
				same(t, "something is left", before, onHost(t, hostObjects))
			}()
			a := wiabctl(t, "up")
			if a.code != 42 || !strings.Contains(a.stderr, "subnet-clash") || !strings.Contains(a.stderr, test.says) {
				t.Errorf("exit code %d; want 42 and %q", a.code, test.says)
			}
			_, named, found := strings.Cut(a.stderr, "set network.subnet: ")
			if !found {
				t.Fatal("no free range is named")
			}
			free := strings.Fields(named)[0]
			writeHost(t, configFile, freshConfig+"network: {subnet: "+free+"}\n")
			defer writeHost(t, configFile, freshConfig)
			if p, node := planned(t), strings.TrimSuffix(free, "0/24")+"21"; !strings.Contains(p.stdout, node) {
				t.Errorf("the plan does not show kubenode1 at %s", node)
			}
		})
	}
}
