package assets

import (
	"errors"
	"net/url"
	"path/filepath"

	"wiabctl/provision/change"
)

// Store is where downloads are kept, and where they come from: the configuration's
// "assets" part, and the directory that remembers digests.
type Store struct {
	// Cache is the directory of downloads, absolute. Default /var/cache/wiabctl.
	Cache string `yaml:"cache,omitempty"`
	// Source is a directory that `wiabctl assets bundle` made, absolute: everything comes
	// from there, and nothing from the internet. Default none.
	Source string `yaml:"source,omitempty"`
	// Pins remember the digests of what came; not for the user to choose.
	Pins Pins `yaml:"-"`
}

// Defaults fills in what was left out.
func (s *Store) Defaults() {
	if s.Cache == "" {
		s.Cache = "/var/cache/wiabctl"
	}
}

// Validate reports every value that cannot be used, after Defaults.
func (s *Store) Validate() error {
	var errs []error
	if !filepath.IsAbs(s.Cache) || filepath.Clean(s.Cache) == "/" {
		errs = append(errs, change.Invalidf("cache", "%q is not the absolute path of a directory", s.Cache))
	}
	if s.Source != "" && !filepath.IsAbs(s.Source) {
		errs = append(errs, change.Invalidf("source", "%q is not the absolute path of a directory", s.Source))
	}
	return errors.Join(errs...)
}

// Held is the cache.
func (s Store) Held() Cache { return Cache{s.Cache} }

// download is the file of a name: from the bundle if there is one, else from the URLs.
func (s Store) download(what, name, sum string, urls ...string) Download {
	d := Download{What: what, Name: name, URLs: urls, SHA256: sum, Cache: s.Held(), Pins: s.Pins}
	if s.Source != "" {
		d.Bundle = Bundle{s.Source}
		d.URLs = []string{(&url.URL{Scheme: "file", Path: filepath.Join(s.Source, name)}).String()}
	}
	return d
}
