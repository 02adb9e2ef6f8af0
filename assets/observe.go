package assets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// observed is what there is of an artifact.
type observed struct {
	unpacked bool   // this version is there and whole
	missing  string // why not, if not
	active   string // the directory that the link leads to; empty without link
}

// observe looks at the version's directory and at the link. What isn't ours is
// an error, never something to be replaced.
func (a Artifact) observe() (observed, error) {
	var seen observed
	active, err := a.active()
	if err != nil {
		return seen, err
	}
	seen.active = active
	part := a.Dir() + ".part"
	_, err = os.Lstat(part)
	switch {
	case err == nil && !ours(part):
		return seen, ArtifactForeign.Failf("%s exists and was not made by wiabctl", part)
	case err == nil:
		seen.missing = "an earlier unpacking was interrupted"
	default:
		seen.missing = "it is not unpacked"
	}
	r, err := readReceipt(a.Dir())
	switch {
	case err == nil && r.Hash == a.Spec.Hash && a.Spec.SHA256 != "" && r.SHA256 != a.Spec.SHA256:
		return seen, ArtifactDigest.Failf("%s was unpacked from a file with sha256 %s, configured is %s", a.Dir(), r.SHA256, a.Spec.SHA256)
	case err == nil && r.Hash == a.Spec.Hash:
		seen.unpacked = true
	case errors.Is(err, fs.ErrNotExist) && !exists(a.Dir()):
	default:
		return seen, ArtifactForeign.Failf("%s exists and was not made by wiabctl", a.Dir())
	}
	return seen, nil
}

// active is the name of the directory that the link leads to; empty if there is
// no link. A link whose directory of ours is gone is still ours.
func (a Artifact) active() (string, error) {
	link := a.Link()
	info, err := os.Lstat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.Mode().Type() != fs.ModeSymlink:
		return "", ArtifactForeign.Failf("%s exists and was not made by wiabctl", link)
	}
	target, err := os.Readlink(link)
	if err != nil {
		return "", err
	}
	whole := version.MatchString(target) && !strings.HasSuffix(target, ".part")
	dir := filepath.Join(a.Home, target)
	if whole && (!exists(dir) || ours(dir)) {
		return target, nil
	}
	return "", ArtifactForeign.Failf("%s leads to %s, which was not made by wiabctl", link, target)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// mark writes the marker of a whole artifact.
func mark(dir, hash, sum string) error {
	tree, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer tree.Close()
	return receipt{Hash: hash, SHA256: sum, When: time.Now().UTC()}.write(tree)
}
