package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// settingsDirs are where systemd-sysctl looks for files, the strongest first: of two with one name only
// the first counts (sysctl.d(5)).
var settingsDirs = []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"}

// contested are Warnings for files that set what ours sets to something else, and are read after it; and
// a note where the bridges' traffic goes through the firewall at present, for somebody may want it so.
func contested() error {
	files, err := settingsAfter(settingsDirs, filepath.Base(settingsFile))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a link to nothing
		}
		if err != nil {
			return fmt.Errorf("kernel settings: %w", err)
		}
		errs = append(errs, contests(file, string(content)))
	}
	return errors.Join(append(errs, filtered())...)
}

// filtered is a note where br_netfilter shows bridges' traffic to the firewall, which up ends.
func filtered() error {
	for _, s := range settings() {
		value, exists, err := s.live()
		if err != nil {
			return err
		}
		if strings.HasPrefix(s.key, "net.bridge.") && exists && value != s.value {
			return SettingContested.Notef("%s is %s: br_netfilter brings what passes bridges to the firewall; up sets it to %s (%s)", s.key, value, s.value, s.why).
				By("sysctl " + s.key)
		}
	}
	return nil
}

// settingsAfter are the files that are read after the one of that name, in their order.
func settingsAfter(directories []string, name string) ([]string, error) {
	strongest := map[string]string{}
	for _, directory := range directories {
		found, err := filepath.Glob(filepath.Join(directory, "*.conf"))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			if base := filepath.Base(file); base > name && strongest[base] == "" {
				strongest[base] = file
			}
		}
	}
	var all []string
	for _, file := range strongest {
		all = append(all, file)
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return all, nil
}

// contests is a Warning for each of our settings that the content of such a file sets to something else.
func contests(file, content string) error {
	var errs []error
	for line := range strings.Lines(content) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		key = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(key), "-"), "/", ".")
		value = strings.TrimSpace(value)
		for _, s := range settings() {
			if found && key == s.key && value != s.value {
				errs = append(errs, SettingContested.Warnf("%s sets %s to %s when the host starts, after %s, which sets it to %s (%s)", file, key, value, settingsFile, s.value, s.why).
					By("sed -i '/"+strings.ReplaceAll(key, ".", "[./]")+"/d' "+shellescape.Quote(file)))
			}
		}
	}
	return errors.Join(errs...)
}
