package artifact

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// image is a container image as "docker load" takes it.
type image struct {
	tag    string
	config imageConfig
	layers []string // uncompressed tar files, the lowest first
}

// imageConfig is the part of a container's configuration that we set.
type imageConfig struct {
	Env        []string          `json:"Env,omitempty"`
	Cmd        []string          `json:"Cmd,omitempty"`
	Entrypoint []string          `json:"Entrypoint,omitempty"`
	WorkingDir string            `json:"WorkingDir,omitempty"`
	Labels     map[string]string `json:"Labels,omitempty"`
}

// imageManifest is an entry of manifest.json in a docker archive.
type imageManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// write writes the docker archive: the layers, the image's JSON and the
// manifest that names them.
func (i image) write(w io.Writer) error {
	b := newBundle(w)
	manifest := imageManifest{RepoTags: []string{i.tag}}
	var diffs []string
	for _, layer := range i.layers {
		sum, err := fileDigest(layer)
		if err != nil {
			return fmt.Errorf("image %s: %w", i.tag, err)
		}
		diffs = append(diffs, "sha256:"+sum)
		manifest.Layers = append(manifest.Layers, sum+".tar")
		b.file(sum+".tar", layer)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64",
		"os":           "linux",
		"created":      epoch,
		"config":       i.config,
		"rootfs":       map[string]any{"type": "layers", "diff_ids": diffs},
	})
	if err != nil {
		return err
	}
	manifest.Config = digestOf(config) + ".json"
	b.text(manifest.Config, string(config))
	index, err := json.Marshal([]imageManifest{manifest})
	if err != nil {
		return err
	}
	b.text("manifest.json", string(index))
	return b.close()
}

// fileDigest is the SHA-256 of a file.
func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return digest(f)
}
