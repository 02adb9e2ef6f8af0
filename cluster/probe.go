package cluster

import (
	"context"
	"fmt"
	"strings"

	"wiabctl/provision/change"
)

// Ready returns nil when the machine answers over SSH with the known host key and
// its cloud-init has done all that the seed asks for. A cloud-init that failed
// never gets ready.
func (t Target) Ready(ctx context.Context) error {
	client, err := t.Dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	out, err := client.Run(ctx, "cloud-init", "status", "--wait")
	switch {
	case err == nil, ExitStatus(err) == 2: // 2: done, with warnings (cloud-init 23.4 and later)
		return nil
	case ExitStatus(err) == 1:
		return change.Never(fmt.Errorf("cloud-init on %s failed: %s", t.Name, strings.TrimSpace(string(out))))
	}
	return err
}
