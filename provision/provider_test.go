package provision

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"wiabctl/assets"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// newSSHKey writes a private key to a file and returns its public half.
func newSSHKey(t *testing.T, file string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// onOthers is an installation on VMs that are there already, at addresses of their own,
// with its key and the host keys in dir.
func onOthers(t *testing.T, dir string) (*Installation, ssh.PublicKey) {
	t.Helper()
	text := smallest + "vms:\n  provider: external\n  key: " + dir + "/key\n  known_hosts: " + dir + "/known_hosts\n  machines:\n"
	hostKey := newSSHKey(t, filepath.Join(dir, "host"))
	var lines strings.Builder
	for n, name := range VMNames() {
		address := fmt.Sprintf("192.168.122.%d", 50+n)
		text += fmt.Sprintf("    %s: {address: %s}\n", name, address)
		fmt.Fprintln(&lines, knownhosts.Line([]string{address}, hostKey))
	}
	if err := os.WriteFile(filepath.Join(dir, "known_hosts"), []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	newSSHKey(t, filepath.Join(dir, "key"))
	config, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Open(config, func(Event) {}), hostKey
}

func TestOthersVMsAreReachedWithTheirKeys(t *testing.T) {
	dir := t.TempDir()
	i, hostKey := onOthers(t, dir)
	target, err := i.vmTarget("kubenode1")
	if err != nil {
		t.Fatal(err)
	}
	if target.Address != "192.168.122.51:22" || target.User != "demo" || ssh.FingerprintSHA256(target.HostKey) != ssh.FingerprintSHA256(hostKey) {
		t.Errorf("target: %+v", target)
	}
	keys, err := i.inventoryKeys()
	if err != nil {
		t.Fatal(err)
	}
	given, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if string(keys.User) != string(given) || len(keys.Hosts) != 7 {
		t.Errorf("inventory: %d host keys", len(keys.Hosts))
	}
	if err := os.Chmod(filepath.Join(dir, "key"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := i.provider.checks[0].find(t.Context()); !errors.Is(err, assets.KeyUnusable.Failf("")) || len(change.Failures(err)) != 1 {
		t.Errorf("a key that others may read: %v, want one Failure of kind %s", err, assets.KeyUnusable.ID)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := i.provider.userKey(); !errors.Is(err, assets.KeyUnusable.Failf("")) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no key: %v, want a Failure of kind %s, for nobody will make it", err, assets.KeyUnusable.ID)
	}
	if _, err := i.fingerprints(); !errors.Is(err, vm.Aloof.Failf("")) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no host keys: %v, want a Failure of kind %s, for nobody will make them", err, vm.Aloof.ID)
	}
}

// Neither packages nor keys nor a network of libvirt's are wanted for others' VMs.
func TestOthersVMsNeedNoLibvirt(t *testing.T) {
	i, _ := onOthers(t, t.TempDir())
	h, ok := i.host().(host)
	if !ok {
		t.Fatal("the stage host is another type")
	}
	for _, n := range h.packages.Needs {
		if strings.Contains(n.pkg, "qemu") || strings.Contains(n.pkg, "libvirt") {
			t.Errorf("wants the package %s", n.pkg)
		}
	}
	if !slices.Equal(h.keyNames, []string{assets.AdminKey}) {
		t.Errorf("makes the keys %v", h.keyNames)
	}
	if !slices.Contains(h.names.Lines, "192.168.122.51 kubenode1") {
		t.Errorf("names: %v", h.names.Lines)
	}
	f := i.fabric()
	if f.Libvirt != nil || f.Leaving() || f.Kubenodes[0].Address.String() != "192.168.122.51" {
		t.Errorf("network: %+v", f)
	}
	if _, ok := i.provider.stage.(Remover); ok {
		t.Error("down would remove VMs that wiabctl did not make")
	}
}

func TestOthersVMsAreNotHandled(t *testing.T) {
	i, _ := onOthers(t, t.TempDir())
	_, start := i.StartVMs(t.Context(), []string{"kubenode1"})
	_, stop := i.StopVMs(t.Context(), []string{"kubenode1"}, true)
	_, restart := i.RestartVMs(t.Context(), []string{"kubenode1"}, true)
	_, snapshots := i.Snapshots(t.Context())
	for what, err := range map[string]error{
		"start": start, "stop": stop, "restart": restart, "snapshots": snapshots,
		"console":  i.AttachConsole(t.Context(), "kubenode1", nil, nil),
		"logs":     i.VMLog(t.Context(), "kubenode1", false, nil),
		"snapshot": i.CreateSnapshot(t.Context(), SnapshotRequest{Name: "a"}),
	} {
		if !errors.Is(err, vm.Elsewhere.Failf("")) {
			t.Errorf("%s: %v, want a Failure of kind %s", what, err, vm.Elsewhere.ID)
		}
	}
}

func TestParseRefusesOthersVMs(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"outside of the subnet", "vms:\n  provider: external\n  machines:\n    kubenode1:\n      address: 10.0.0.1\n", "line 9: vms.machines.kubenode1.address: 10.0.0.1 does not lie in network.subnet, 192.168.122.0/24"},
		{"missing ones", "vms:\n  provider: external\n  machines: {}\n", "line 7: vms.machines: kubenode2 is missing"},
		{"for our own", "vms:\n  key: /root/key\n", "line 6: vms.key: is for provider: external"},
		{"no address", "vms:\n  machines:\n    kubenode1: {address: here}\n", "here"},
		{"unknown field", "vms:\n  machines:\n    kubenode1: {port: 22}\n", "line 7: vms.machines.kubenode1.port: there is no such field"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Parse([]byte(smallest + tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
