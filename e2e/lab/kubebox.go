package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"wiabctl/e2e/recipe"
)

// Kubebox builds the lab's Kubernetes if it is not cached and returns the path of
// its program; helm lies beside it.
func Kubebox(ctx context.Context, o Options) (string, error) {
	l, err := open(o)
	if err != nil {
		return "", err
	}
	return l.kubebox(ctx)
}

// kubebox builds Kubernetes for the lab, a module of its own with a build of
// many minutes, and the other programs of it beside. It returns the path of kubebox.
func (l *Lab) kubebox(ctx context.Context) (string, error) {
	source := filepath.Join(l.repository, "e2e", "kube")
	tree, err := recipe.Tree(source)
	if err != nil {
		return "", err
	}
	flags, err := os.ReadFile(filepath.Join(source, "ldflags"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	dir, err := recipe.Recipe{
		Name:   "kubebox",
		Inputs: []string{toolchain(), tree, strings.Join(kubePrograms(), " ")},
		Build: func(ctx context.Context, dir string) error {
			l.say("building Kubernetes; this takes some minutes, once")
			for _, pkg := range kubePrograms() {
				cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", strings.TrimSpace(string(flags)),
					"-o", filepath.Join(dir, programName(pkg)), pkg)
				cmd.Dir = source
				cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
				if err := run(cmd); err != nil {
					return err
				}
			}
			return nil
		},
	}.Get(ctx)
	return filepath.Join(dir, "kubebox"), err
}

// kubePrograms are the packages of e2e/kube's module that become programs.
func kubePrograms() []string {
	return []string{".", "helm.sh/helm/v3/cmd/helm", "./cert-manager", acmePackage}
}

func programName(pkg string) string {
	if pkg == "." {
		return "kubebox"
	}
	return filepath.Base(pkg)
}
