package lab

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"wiabctl/e2e/recipe"
)

//go:embed all:image
var imageFiles embed.FS

// imageSize is the virtual size of the images: the VMs use no more, however
// large wiabctl makes their disks.
const imageSize = "2G"

// baseImage is the qcow2 image of the lab's kind.
func (l *Lab) baseImage(ctx context.Context) (string, error) {
	if l.image == ImageCloud {
		return imageOf("cloud-image", debian("cloud-root", cloudPackages(), "minbase"), "cloud.sh", "", nil)(ctx)
	}
	source, err := recipe.Tree(filepath.Join(l.repository, "e2e", "lab", "microinit"))
	if err != nil {
		return "", err
	}
	program := func(ctx context.Context, dir string) (string, error) {
		return l.goBuild(ctx, dir, "./e2e/lab/microinit")
	}
	return imageOf("micro-image", debian("micro-root", microPackages(), "essential"), "micro.sh", source, program)(ctx)
}

// microPackages are the least that answers over SSH and boots; busybox does the rest.
func microPackages() []string {
	return []string{"busybox-static", "openssh-server", "sudo", "iproute2", "tzdata", "linux-image-cloud-amd64"}
}

// cloudPackages are those of a small cloud image.
func cloudPackages() []string {
	return strings.Fields(`systemd systemd-sysv udev dbus cloud-init openssh-server sudo iproute2
		iputils-ping procps netbase busybox-static linux-image-cloud-amd64 curl ca-certificates`)
}

// imageOf makes an image of a Debian root: the script of that name prepares
// the root; source and program are what it installs besides, if anything.
func imageOf(name string, root recipe.Recipe, script, source string,
	program func(ctx context.Context, dir string) (string, error),
) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		files, err := fs.Sub(imageFiles, "image")
		if err != nil {
			return "", err
		}
		scripts, err := treeOf(files)
		if err != nil {
			return "", err
		}
		dir, err := recipe.Recipe{
			Name:   name,
			Inputs: []string{root.Key(), imageSize, scripts, source, toolchain()},
			Build: func(ctx context.Context, dir string) error {
				return buildImage(ctx, dir, root, files, script, program)
			},
		}.Get(ctx)
		return filepath.Join(dir, "image.qcow2"), err
	}
}

func buildImage(ctx context.Context, dir string, root recipe.Recipe, files fs.FS, script string,
	program func(ctx context.Context, dir string) (string, error),
) error {
	tree, err := root.Get(ctx)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "work")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := copyTree(files, ".", work); err != nil {
		return err
	}
	var extra string
	if program != nil {
		if extra, err = program(ctx, work); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--propagation", "private", "sh", filepath.Join(work, "disk.sh"),
		imageSize, filepath.Join(dir, "image.qcow2"), filepath.Join(tree, "root"), filepath.Join(work, script), work, extra)
	if err := run(cmd); err != nil {
		return fmt.Errorf("%s: %w", script, err)
	}
	return nil
}
