package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// osRelease is what a distribution says of itself in os-release(5).
type osRelease struct{ id, version, name string }

// String is the name as people know it.
func (r osRelease) String() string {
	if r.name != "" {
		return r.name
	}
	return "a system that does not tell its name"
}

// known says whether it is one of those on which every package is called as we call it.
func (r osRelease) known() bool {
	return slices.Contains([]string{"debian 12", "ubuntu 22.04", "ubuntu 24.04"}, r.id+" "+r.version)
}

func parseOSRelease(text string) osRelease {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	return osRelease{id: values["ID"], version: values["VERSION_ID"], name: values["PRETTY_NAME"]}
}

// readOSRelease reads the first of the files that is there.
func readOSRelease(files ...string) (osRelease, error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return parseOSRelease(string(text)), err
	}
	return osRelease{}, nil
}

// obstacle refuses a system whose packages are not known while some are missing; where all
// programs are there already it only warns.
func (r osRelease) obstacle(missing []string) error {
	switch {
	case r.known():
		return nil
	case len(missing) > 0:
		return SystemUnknown.Failf("this is %s, whose packages wiabctl does not know, and these are missing: %s", r, strings.Join(missing, " "))
	default:
		return SystemUnknown.Warnf("this is %s, on which wiabctl was never tried; all programs that it needs are there", r)
	}
}

// systemCheck refuses a host that lacks packages and whose names for them are not known.
func (i *Installation) systemCheck(context.Context) error {
	release, err := readOSRelease("/etc/os-release", "/usr/lib/os-release")
	if err != nil {
		return fmt.Errorf("which system this is: %w", err)
	}
	return release.obstacle(missingOf(i.needs()))
}
