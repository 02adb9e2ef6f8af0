package cluster

import (
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"
	"path"
	"strings"

	"wiabctl/provision/change"
)

//go:embed wiab/confidential.sh
var confidentialScript string

// Confidential are the files with secrets that upstream's scripts leave behind, readable
// for all: as root, and with a copy of what stood there before (contract section 9).
type Confidential struct{ Admin *Admin }

// confidential are those files, as patterns of a shell below the deploy directory. What
// offline-secrets.sh makes is not among them: the stage Secrets sees to it.
func confidential() []string {
	return []string{
		"values/*/secrets.yaml", "values/*/secrets.yaml.bak*", "values/*/prod-secrets.example.yaml.bak*",
		ansibleSecrets + ".bak*", path.Dir(adminConf) + "/*.conf", "ansible/inventory/kubeconfig.dec",
	}
}

// Plan closes what others than the owner may read or write.
func (c Confidential) Plan(ctx context.Context) ([]change.Change, error) {
	open, err := c.run(ctx, "list")
	if errors.Is(err, change.ErrNotInstalled) {
		return nil, nil
	}
	if err != nil || len(open) == 0 {
		return nil, err
	}
	reason := "others may read the secrets in it: " + open[0]
	if more := len(open) - 1; more > 0 {
		reason += fmt.Sprintf(" and %d more", more)
	}
	return []change.Change{{Verb: change.Update, Subject: "modes of files with secrets", Reason: reason,
		Apply: func(ctx context.Context, _ change.Progress) error { return c.Close(ctx) }}}, nil
}

// Close makes them their owners' alone.
func (c Confidential) Close(ctx context.Context) error {
	_, err := c.run(ctx, "close")
	return err
}

// run is root's work, for it is root's container that makes them; it returns their names.
func (c Confidential) run(ctx context.Context, what string) ([]string, error) {
	out, err := c.Admin.Run(ctx, append([]string{"sudo", "sh", "-c", confidentialScript, "sh", what, c.Admin.Dir}, confidential()...)...)
	if err != nil {
		return nil, fmt.Errorf("files with secrets, to %s: %w", what, err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		names = append(names, clean(line))
	}
	return names, nil
}
