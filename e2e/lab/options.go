package lab

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The images that the lab's VMs can boot.
const (
	ImageMicro = "micro" // busybox init and microinit: light, for every day
	ImageCloud = "cloud" // systemd and the real cloud-init: slow, for the night
)

// ImageVariable is the environment variable that chooses the image where
// nothing else does.
const ImageVariable = "WIABCTL_LAB_IMAGE"

// Options say which lab.
type Options struct {
	Dir   string    // where the lab lives; .lab under the repository's root if empty
	Image string    // ImageMicro or ImageCloud; from ImageVariable if empty, else micro
	Log   io.Writer // what is being done, in lines; nil for silence
}

// complete fills in what was left out.
func (o Options) complete(repository string) (Options, error) {
	if o.Dir == "" {
		o.Dir = filepath.Join(repository, ".lab")
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, err
	}
	if o.Image == "" {
		o.Image = os.Getenv(ImageVariable)
	}
	if o.Image == "" {
		o.Image = ImageMicro
	}
	if o.Image != ImageMicro && o.Image != ImageCloud {
		return o, fmt.Errorf("lab: image %q is neither %s nor %s", o.Image, ImageMicro, ImageCloud)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	return o, nil
}

// repository finds the root of the module wiabctl above the working directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "e2e", "lab", "doc.go")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("lab: %s is not inside wiabctl's repository, which the lab is built from", dir)
		}
	}
}
