package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// builder makes one archive.
type builder struct {
	source  string // this package's directory
	work    string // a directory for what lies between
	types   string // the directory of cert-manager's types
	kubebox string
	release string
	hash    string
}

// build writes the archive to out, its members in upstream's order.
func (b builder) build(ctx context.Context, out string) error {
	for _, program := range programs {
		if err := compile(ctx, filepath.Join(b.source, program), b.path(program)); err != nil {
			return err
		}
	}
	if err := errors.Join(b.toolsImage(ctx), b.zauthImage(), b.tars(), b.files()); err != nil {
		return err
	}
	zauth := "quay.io_wire_zauth_" + b.release + ".tar"
	return compressed(out, func(w io.Writer) error {
		archive := newBundle(w)
		archive.file("debs-jammy.tar", b.path("debs-jammy.tar"))
		archive.file("binaries.tar", b.path("binaries.tar"))
		archive.dir("containers-adminhost")
		archive.file("containers-adminhost/container-wire-server-deploy.tgz", b.path("tools.tgz"))
		archive.file("containers-adminhost/"+zauth, b.path("zauth.tar"))
		archive.text("containers-adminhost/index.txt", zauth+"\n")
		archive.file("containers-helm.tar", b.path("containers-helm.tar"))
		archive.file("containers-system.tar", b.path("containers-system.tar"))
		archive.tree(b.path("files"))
		return archive.close()
	})
}

// path is a file's in the working directory.
func (b builder) path(name string) string { return filepath.Join(b.work, name) }

// files copies what the archive holds beside images and archives, and adds cert-manager's
// types to its chart. The charts that have
// the release's version get that of the release that is built.
func (b builder) files() error {
	if err := os.CopyFS(b.path("files"), os.DirFS(filepath.Join(b.source, "files"))); err != nil {
		return err
	}
	if err := b.addTypes(); err != nil {
		return err
	}
	charts, err := filepath.Glob(b.path("files/charts/*/Chart.yaml"))
	for _, chart := range charts {
		text, readErr := os.ReadFile(chart)
		text = bytes.Replace(text, []byte("\nversion: "+Release+"\n"), []byte("\nversion: "+b.release+"\n"), 1)
		err = errors.Join(err, readErr, os.WriteFile(chart, text, 0o644))
	}
	return err
}

// toolsImage writes tools.tgz, the image of the tools container.
func (b builder) toolsImage(ctx context.Context) error {
	dir, err := toolsRoot().Get(ctx)
	if err != nil {
		return err
	}
	root, layer := filepath.Join(dir, "root.tar"), b.path("tools-layer.tar")
	if err := toolsLayer(layer, root, b.kubebox, b.path("ansible")); err != nil {
		return err
	}
	return compressed(b.path("tools.tgz"), image{
		tag: toolsImage + ":" + b.hash,
		config: imageConfig{
			Env: []string{
				"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				"KUBECONFIG=" + workDir + "/ansible/inventory/offline/artifacts/admin.conf",
				"ANSIBLE_CONFIG=" + workDir + "/ansible/ansible.cfg",
			},
			Cmd:        []string{"/bin/bash"},
			WorkingDir: workDir,
			Labels:     map[string]string{"release": b.release},
		},
		layers: []string{root, layer},
	}.write)
}

// zauthImage writes zauth.tar, the image of the key generator.
func (b builder) zauthImage() error {
	layer := b.path("zauth-layer.tar")
	if err := writeBundle(layer, func(t *bundle) { t.file("zauth", b.path("zauth")) }); err != nil {
		return err
	}
	f, err := os.Create(b.path("zauth.tar"))
	if err != nil {
		return err
	}
	err = image{
		tag:    "quay.io/wire/zauth:" + b.release,
		config: imageConfig{Entrypoint: []string{"/zauth"}},
		layers: []string{layer},
	}.write(f)
	return errors.Join(err, f.Close())
}

// tars writes the archives that the machines install from: the binaries, and a
// signed package repository without packages. The others hold nothing but a word on
// what they would hold.
func (b builder) tars() error {
	err := errors.Join(
		writeBundle(b.path("binaries.tar"), func(t *bundle) {
			for _, program := range onNodes {
				t.file(program, b.path(program))
			}
		}),
		writeBundle(b.path("debs-jammy.tar"), func(t *bundle) { t.tree(filepath.Join(b.source, "debs")) }),
	)
	for name, what := range map[string]string{
		"containers-system": "the system's container images",
		"containers-helm":   "the charts' container images",
	} {
		note := fmt.Sprintf("In Wire's artifact this archive holds %s.\n", what)
		err = errors.Join(err, writeBundle(b.path(name+".tar"), func(t *bundle) { t.text(name+"/README", note) }))
	}
	return err
}

// compressed writes a file through gzip at its fastest.
func compressed(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	return errors.Join(write(z), z.Close(), f.Close())
}
