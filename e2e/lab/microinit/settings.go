package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Apt is where packages come from, and by which way.
type Apt struct {
	Primary    []Mirror `yaml:"primary"`
	HTTPProxy  string   `yaml:"http_proxy"`
	HTTPSProxy string   `yaml:"https_proxy"`
	Conf       string   `yaml:"conf"` // apt.conf's own language
}

// Mirror is a place of the distribution.
type Mirror struct {
	Arches []string `yaml:"arches"`
	URI    string   `yaml:"uri"`
}

// File is one that the seed brings.
type File struct {
	Path    string `yaml:"path"`
	Content string `yaml:"content"`
	Append  bool   `yaml:"append"`
}

// check finds what this reader does not know to do.
func (a *Apt) check() error {
	if a == nil {
		return nil
	}
	if len(a.Primary) > 1 || len(a.Primary) == 1 && (len(a.Primary[0].Arches) != 1 || a.Primary[0].Arches[0] != "default" || a.Primary[0].URI == "") {
		return errors.New("user-data: apt.primary: only one mirror, for the arches [default], is known here")
	}
	return nil
}

func (f File) check() error {
	if !filepath.IsAbs(f.Path) || !f.Append {
		return fmt.Errorf("user-data: write_files: %q: only text that is appended to an absolute path is known here", f.Path)
	}
	return nil
}

// applySettings makes time zone, apt and files below root what the seed says, under
// the names that cloud-init gives apt's files.
func (d UserData) applySettings(root string) error {
	var errs []error
	if d.Timezone != "" {
		errs = append(errs, applyTimezone(root, d.Timezone))
	}
	if d.Apt != nil {
		errs = append(errs, d.Apt.apply(root))
	}
	for _, f := range d.Files {
		errs = append(errs, f.apply(root))
	}
	return errors.Join(errs...)
}

func applyTimezone(root, zone string) error {
	file := filepath.Join("/usr/share/zoneinfo", zone)
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		return fmt.Errorf("time zone %s: %w", zone, err)
	}
	link := filepath.Join(root, "/etc/localtime")
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(os.Symlink(file, link), writeFile(filepath.Join(root, "/etc/timezone"), zone+"\n", 0o644))
}

func (a Apt) apply(root string) error {
	var proxies strings.Builder
	for _, p := range [][2]string{{"http", a.HTTPProxy}, {"https", a.HTTPSProxy}} {
		if p[1] != "" {
			fmt.Fprintf(&proxies, "Acquire::%s::Proxy \"%s\";\n", p[0], p[1])
		}
	}
	texts := map[string]string{"apt.conf.d/90cloud-init-aptproxy": proxies.String(), "apt.conf.d/94cloud-init-config": a.Conf}
	if len(a.Primary) > 0 {
		texts["sources.list"] = "deb " + a.Primary[0].URI + " stable main\n"
	}
	var errs []error
	for name, text := range texts {
		if text != "" {
			errs = append(errs, writeFile(filepath.Join(root, "/etc/apt", name), text, 0o644))
		}
	}
	return errors.Join(errs...)
}

func (f File) apply(root string) error {
	path := filepath.Join(root, f.Path)
	had, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return writeFile(path, string(had)+f.Content, 0o644)
}
