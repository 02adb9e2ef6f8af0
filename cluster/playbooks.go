package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pkg/sftp"

	"wiabctl/provision/change"
)

const (
	offlineScript = "bin/offline-cluster.sh"
	// playbooksDir has a receipt of each playbook that the script played, named by its place
	// and its file: 07-elasticsearch.yml (wiab/ansible-playbook.sh).
	playbooksDir = "wiab/playbooks"
	// playbooksPlayed counts the calls of one run.
	playbooksPlayed = playbooksDir + "/calls"
)

// Playbooks gives the file names of the script's playbooks in their order, of those that
// people named with or without ".yml". It fails with PlaybookUnknown where the script
// plays none of a name.
func (o Offline) Playbooks(ctx context.Context, named ...string) ([]string, error) {
	known, err := o.AllPlaybooks(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range named {
		i := slices.IndexFunc(known, func(file string) bool { return file == name || strings.TrimSuffix(file, ".yml") == name })
		if i < 0 {
			return nil, PlaybookUnknown.Failf("%s plays no playbook %q; it plays %s", offlineScript, name, strings.Join(known, ", "))
		}
		all = append(all, known[i])
	}
	return all, nil
}

// AllPlaybooks are the file names of all playbooks of the script, in their order. It fails with
// PlaybookUnknown where the script does not tell them.
func (o Offline) AllPlaybooks(ctx context.Context) ([]string, error) {
	calls, err := o.calls(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, PlaybookUnknown.Failf("there is no %s yet, which would tell its playbooks", offlineScript)
	}
	if err != nil {
		return nil, PlaybookUnknown.Failf("%s does not tell its playbooks: %w", offlineScript, err)
	}
	var known []string
	for _, call := range calls {
		if !slices.Contains(known, call.name) {
			known = append(known, call.name)
		}
	}
	return known, nil
}

func (o Offline) calls(ctx context.Context) ([]playbookCall, error) {
	script, err := o.Admin.Read(ctx, offlineScript)
	if err != nil {
		return nil, err
	}
	return playbookCalls(script)
}

// total is how many playbooks each run of the script plays; 0 if that cannot be known.
func (o Offline) total(ctx context.Context) int {
	calls, err := o.calls(ctx)
	if err != nil || slices.ContainsFunc(calls, func(call playbookCall) bool { return !call.sure }) {
		return 0
	}
	return len(calls)
}

// Forget makes the script run again, and all its playbooks.
func (o Offline) Forget(ctx context.Context) error {
	return o.forget(ctx, func(int, string) bool { return true })
}

// ForgetPlaybooks makes the script run again, and of its playbooks those of these file
// names.
func (o Offline) ForgetPlaybooks(ctx context.Context, names ...string) error {
	return o.forget(ctx, func(_ int, name string) bool { return slices.Contains(names, name) })
}

// ForgetFrom makes the script run again, and of its playbooks the first one of this file
// name and all after it.
func (o Offline) ForgetFrom(ctx context.Context, name string) error {
	calls, err := o.calls(ctx)
	if err != nil {
		return err
	}
	first := 1 // the least place that it can have
	for _, call := range calls {
		if call.name == name {
			break
		}
		if call.sure {
			first++
		}
	}
	return o.forget(ctx, func(place int, _ string) bool { return place >= first })
}

// forget gives up the chosen playbooks' receipts, and then the job's.
func (o Offline) forget(ctx context.Context, chosen func(place int, name string) bool) error {
	err := o.Admin.files(ctx, func(files *sftp.Client) error {
		entries, err := files.ReadDir(o.Admin.path(playbooksDir))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		for _, entry := range entries {
			var place int
			var name string
			if n, _ := fmt.Sscanf(entry.Name(), "%d-%s", &place, &name); n == 2 && chosen(place, name) {
				err = errors.Join(err, files.Remove(o.Admin.path(playbooksDir+"/"+entry.Name())))
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, change.ErrNotInstalled) {
		return fmt.Errorf("give up receipts in %s on the admin host: %w", playbooksDir, err)
	}
	return Job{Name: "cluster"}.Forget(ctx, o.Admin)
}
