package lab

import (
	"os"
	"path/filepath"

	"wiabctl/e2e/recipe"
)

// Clean empties the cache. A lab that runs keeps what it has open, but its next
// boot fails: take it down first.
func Clean() error {
	dir, err := recipe.Dir()
	if err != nil {
		return err
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(e); err != nil {
			return err
		}
	}
	return nil
}
