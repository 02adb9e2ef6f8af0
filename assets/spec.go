package assets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"wiabctl/provision/change"
)

// public is where Wire publishes its artifacts.
const public = "https://s3-eu-west-1.amazonaws.com/public.wire.com/artifacts/wire-server-deploy-static-"

// Spec says which artifact is to be installed: the configuration's "artifact" part.
type Spec struct {
	// Hash names the build, 40 hex digits as Wire's support tells it. It may be
	// left out when URL is given.
	Hash string `yaml:"hash,omitempty"`
	// URL is where the artifact lies (http:, https: or file:); by default Wire's
	// public place for Hash.
	URL string `yaml:"url,omitempty"`
	// Mirrors are further places of the same file, which are asked where URL fails.
	Mirrors []string `yaml:"mirrors,omitempty"`
	// SHA256 is the digest of the .tgz, 64 hex digits. It is binding when given.
	SHA256 string `yaml:"sha256,omitempty"`
}

var (
	hash40 = regexp.MustCompile(`^[0-9a-f]{40}$`)
	hash64 = regexp.MustCompile(`^[0-9a-f]{64}$`)
	within = regexp.MustCompile(`[0-9a-f]{40}`)
)

// Defaults fills in what follows from the rest: the public URL of a hash, the
// hash that a URL names. Hex digits become lower-case.
func (s *Spec) Defaults() {
	s.Hash = strings.ToLower(s.Hash)
	s.SHA256 = strings.ToLower(s.SHA256)
	switch {
	case s.URL == "" && s.Hash != "":
		s.URL = public + s.Hash + ".tgz"
	case s.URL != "" && s.Hash == "":
		s.Hash = hashOf(s.URL)
	}
}

// hashOf is the build that the URL's file name tells, else a digest of the URL.
func hashOf(address string) string {
	base := address[strings.LastIndexByte(address, '/')+1:]
	if named := within.FindString(base); named != "" {
		return named
	}
	return digest(address)[:40]
}

// digest is the SHA-256 of a text in hex.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Validate reports every value that cannot be used, after Defaults.
func (s *Spec) Validate() error {
	var errs []error
	switch {
	case s.Hash == "" && s.URL == "":
		errs = append(errs, change.Invalidf("hash", "is missing: give the artifact's hash (40 hex digits, from Wire's support) or a url"))
	case !hash40.MatchString(s.Hash):
		errs = append(errs, change.Invalidf("hash", "%q is not 40 hex digits", s.Hash))
	}
	if s.URL != "" {
		if err := ValidURL(s.URL); err != nil {
			errs = append(errs, change.Invalidf("url", "%v", err))
		}
	}
	for i, mirror := range s.Mirrors {
		if err := ValidURL(mirror); err != nil {
			errs = append(errs, change.Invalidf(fmt.Sprintf("mirrors[%d]", i), "%v", err))
		}
	}
	if s.SHA256 != "" && !hash64.MatchString(s.SHA256) {
		errs = append(errs, change.Invalidf("sha256", "%q is not 64 hex digits", s.SHA256))
	}
	return errors.Join(errs...)
}

// ValidURL tells whether a download can come from the address: http:, https: with
// a host, or file: with an absolute path.
func ValidURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.Scheme == "http" || u.Scheme == "https":
		if u.Host == "" {
			return errors.New("names no host")
		}
	case u.Scheme == "file":
		if u.Host != "" && u.Host != "localhost" || !strings.HasPrefix(u.Path, "/") {
			return errors.New("must be file:///absolute/path")
		}
	default:
		return errors.New("must be an https:, http: or file: URL")
	}
	return nil
}
