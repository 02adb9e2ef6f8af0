package artifact

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
)

// certManagerTypes is the directory of the templates of cert-manager's types, from the
// module of the cert-manager that the lab runs (e2e/kube).
func certManagerTypes(ctx context.Context, source string) (string, error) {
	out, err := output(ctx, filepath.Join(source, "..", "kube"), "go", "mod", "download", "-json", "github.com/cert-manager/cert-manager")
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	err = json.Unmarshal([]byte(out), &module)
	return filepath.Join(module.Dir, "deploy", "crds"), err
}

// addTypes copies the types beside what else the chart has.
func (b builder) addTypes() error {
	all, err := filepath.Glob(filepath.Join(b.types, "*.yaml"))
	if err != nil {
		return err
	}
	for _, from := range all {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		to := filepath.Join(b.path("files/charts/cert-manager/charts/cert-manager/templates"), filepath.Base(from))
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
