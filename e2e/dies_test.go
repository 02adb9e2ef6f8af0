package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// dying is the VM of this file: one that nothing else here needs for a moment.
const dying = "datanode3"

// noticed bounds how long wiabctl may go on waiting for a VM that is dead.
const noticed = 2 * time.Second

// TestVMDiesWhileWaiting lets a VM die while wiabctl waits for it: up ends at once, says
// how the VM died and what its console said last, and the next up mends it.
func TestVMDiesWhileWaiting(t *testing.T) {
	long(t)
	installed(t)
	console := "/var/lib/wiabctl/console/" + dying + ".log"
	tests := []struct {
		name   string
		before string // done in the VM while it runs
		spoken string // what its console has to say before the deed
		deed   string // done on the host
		says   string // the cause
	}{
		{
			name: "its process is killed, after libvirtd was restarted",
			deed: "systemctl restart libvirtd; kill -KILL $(cat /run/libvirt/qemu/" + dying + ".pid)",
			says: "its QEMU process crashed or was killed",
		},
		{
			name: "its kernel panics",
			// Once, before sshd comes.
			before: `printf '%s\n' '#!/bin/sh' 'mv /etc/panic /etc/panicked && sync && echo c >/proc/sysrq-trigger' >/etc/panic; chmod 755 /etc/panic
grep -q /etc/panic /etc/inittab || sed -i '/microinit boot/a ::sysinit:/etc/panic' /etc/inittab; sync`,
			spoken: "Kernel panic - not syncing",
			says:   "had a kernel panic",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.before != "" {
				inVM(t, dying, test.before)
				defer inVM(t, dying, "sed -i '/etc.panic/d' /etc/inittab; rm -f /etc/panic*; sync")
			}
			onHost(t, "virsh destroy "+dying)
			said := len(readHost(t, console))
			type end struct {
				answer
				at time.Time
			}
			ended := make(chan end, 1)
			go func() {
				a, err := try(t.Context(), "wiabctl", "up")
				if err != nil {
					t.Error(err)
				}
				ended <- end{a, time.Now()}
			}()
			eventually(t, 30*time.Second, func(ctx context.Context) error {
				if state, err := shell(ctx, "virsh domstate "+dying); err != nil || strings.TrimSpace(state) != "running" {
					return fmt.Errorf("%s is %s (%w)", dying, state, err)
				}
				return nil
			})
			eventually(t, 60*time.Second, func(context.Context) error {
				content, err := os.ReadFile(theLab.Path(console))
				if err != nil {
					return err
				}
				if !bytes.Contains(content[min(said, len(content)):], []byte(test.spoken)) {
					return fmt.Errorf("the console does not say %q but %q", test.spoken, content[min(said, len(content)):])
				}
				return nil
			})
			if test.deed != "" {
				onHost(t, test.deed)
			}
			dead := time.Now()
			a := <-ended
			if a.code != 32 || !strings.Contains(a.stderr, "vm-died") || !strings.Contains(a.stderr, test.says) || !strings.Contains(a.stderr, dying) {
				t.Errorf("exit code %d, want 32 with vm-died, %s and %q:\n%s%s", a.code, dying, test.says, a.stdout, a.stderr)
			}
			if took := a.at.Sub(dead); took > noticed {
				t.Errorf("it was noticed after %s, the limit is %s", took, noticed)
			}
			if last := lastLine(t, console); !strings.Contains(a.stderr, last) {
				t.Errorf("the end of the console is not quoted: %q\n%s", last, a.stderr)
			}
			mustWiabctl(t, "up")
			answers(t, green)
		})
	}
}

// lastLine is the last line of a file on the host.
func lastLine(t testing.TB, path string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(readHost(t, path)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// inVM runs a shell script as root in a VM.
func inVM(t testing.TB, name, script string) {
	t.Helper()
	writeHost(t, "/run/script", script)
	onHost(t, "ssh -i /var/lib/wiabctl/keys/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR demo@"+name+" sudo sh -s </run/script; rm /run/script")
}
