package provision

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSudoersApart(t *testing.T) {
	for _, test := range []struct {
		name, content string
		apart         bool
	}{
		{"as Debian ships it", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n", false},
		{"as older ones do", "#includedir /etc/sudoers.d\n", false},
		{"quoted, with a slash", "@includedir \"/etc/sudoers.d/\" \n", false},
		{"relative to itself", "@includedir sudoers.d\n", false},
		{"in a comment", "# @includedir /etc/sudoers.d\n", true},
		{"another directory", "@includedir /etc/sudoers.d.old\n", true},
		{"a file of it", "@include /etc/sudoers.d/ops\n", true},
		{"none", "root ALL=(ALL:ALL) ALL\n", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sudoers")
			if err := os.WriteFile(file, []byte(test.content), 0o440); err != nil {
				t.Fatal(err)
			}
			if err := sudoersApart(file); errors.Is(err, SudoersApart.Failf("")) != test.apart || err != nil && !test.apart {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := sudoersApart("/nowhere"); err != nil {
		t.Errorf("without sudo: %v", err)
	}
}
