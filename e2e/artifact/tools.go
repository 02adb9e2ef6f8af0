package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wiabctl/e2e/recipe"
)

const (
	workDir     = "/wire-server-deploy"
	toolsImage  = "quay.io/wire/wire-server-deploy"
	certsDir    = "usr/share/ca-certificates/"
	debianSuite = "bookworm"
)

// toolsPackages are what the tools container has of Debian. No maintainer script
// runs; toolsLayer does what they would.
var toolsPackages = []string{
	"base-files", "bash", "ca-certificates", "coreutils", "curl", "dash", "findutils", "grep", "jq", "libc-bin",
	"mawk", "openssh-client", "openssl", "sed",
}

// toolsRoot is the recipe of the tools container's lowest layer, root.tar.
func toolsRoot() recipe.Recipe {
	args := []string{"--quiet", "--variant=extract", "--include=" + strings.Join(toolsPackages, ",")}
	for _, path := range []string{"usr/share/man", "usr/share/doc", "usr/share/locale", "usr/share/info", "usr/lib/x86_64-linux-gnu/gconv"} {
		args = append(args, "--dpkgopt=path-exclude=/"+path+"/*")
	}
	return recipe.Recipe{
		Name:   "tools-root",
		Inputs: append(args, debianSuite),
		Build: func(ctx context.Context, dir string) error {
			_, err := output(ctx, dir, "mmdebstrap", append(args, debianSuite, "root.tar")...)
			return err
		},
	}
}

// toolsLayer writes what lies above root.tar: the few files that maintainer
// scripts would have made, and our programs.
func toolsLayer(path, root, kubebox, ansible string) error {
	certificates, err := certificateBundle(root)
	if err != nil {
		return err
	}
	return writeBundle(path, func(b *bundle) {
		b.text("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
		b.text("etc/group", "root:x:0:\nnogroup:x:65534:\n")
		b.text("etc/ssl/certs/ca-certificates.crt", certificates)
		b.link("usr/bin/awk", "mawk")
		b.dir("usr/local")
		b.dir("usr/local/bin")
		b.dir(strings.TrimPrefix(workDir, "/"))
		b.file("usr/local/bin/ansible-playbook", ansible)
		b.file("usr/local/bin/helm", helmBeside(kubebox))
		b.file("usr/local/bin/kubebox", kubebox)
		b.link("usr/local/bin/kubectl", "kubebox")
		b.link("usr/local/bin/yq", "kubebox")
	})
}

// certificateBundle joins the CA certificates that root brings one by one.
func certificateBundle(root string) (string, error) {
	f, err := os.Open(root)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var all strings.Builder
	archive := tar.NewReader(f)
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		name := strings.TrimPrefix(head.Name, "./")
		if strings.HasPrefix(name, certsDir) && filepath.Ext(name) == ".crt" {
			if _, err := io.Copy(&all, archive); err != nil { // Debian's own package
				return "", err
			}
		}
	}
	if all.Len() == 0 {
		return "", fmt.Errorf("%s has no CA certificates below %s", root, certsDir)
	}
	return all.String(), nil
}
