package provision

import (
	"context"
	"os"
)

// rootCheck refuses to work as anybody but root, who alone may do what is to be done.
func rootCheck(context.Context) error {
	if os.Geteuid() != 0 {
		return NotRoot.Failf("wiabctl runs as user %d; host, libvirt and firewall belong to root", os.Geteuid())
	}
	return nil
}
