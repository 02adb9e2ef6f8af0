package provision

import (
	"path/filepath"

	"gopkg.in/yaml.v3"

	"wiabctl/assets"
)

// Rollback is the way back to a version of the artifact that was active before and is
// still unpacked: a configuration that asks for it.
type Rollback struct {
	Version Version
	Config  Config

	file      string
	overrides []Override
	content   []byte
}

// PlanRollback finds the version of this hash, or without one the version that was
// active before the present one; where the configured one never became active, that
// is the active one. It fails with VersionUnknown if there is none, and with
// ingress.ConfigurationUneditable or ConfigInvalid if the file cannot ask for it.
func PlanRollback(file, hash string, overrides ...Override) (Rollback, error) {
	if err := writable(overrides, "artifact.hash", "artifact.url", "artifact.sha256"); err != nil {
		return Rollback{}, err
	}
	config, err := Load(file, overrides...)
	if err != nil {
		return Rollback{}, err
	}
	installation := Open(config, func(Event) {})
	defer installation.Close()
	versions, err := installation.Versions()
	if err != nil {
		return Rollback{}, err
	}
	v, err := backTo(versions, config.Artifact.Hash, hash)
	if err != nil {
		return Rollback{}, err
	}
	return rollbackTo(file, v, overrides)
}

// backTo is the version to go back to.
func backTo(versions []Version, configured, hash string) (Version, error) {
	for _, v := range versions {
		wanted := v.Hash == hash
		if hash == "" {
			wanted = v.Active && v.Hash != configured
		}
		if wanted && !v.Activated.IsZero() {
			return v, nil
		}
	}
	if hash != "" {
		return Version{}, VersionUnknown.Failf("no version %q is unpacked that was active before", hash)
	}
	if previous, found := assets.Previous(versions); found {
		return previous, nil
	}
	return Version{}, VersionUnknown.Failf("no other version of the artifact was active before")
}

// rollbackTo makes the configuration file ask for a version.
func rollbackTo(file string, v Version, overrides []Override) (Rollback, error) {
	content, err := read(file)
	if err != nil {
		return Rollback{}, err
	}
	settings, err := artifactSettings(content, v)
	if err != nil {
		return Rollback{}, err
	}
	for _, s := range settings {
		if content, err = s.in(content); err != nil {
			return Rollback{}, err
		}
	}
	config, err := Parse(content, overrides...)
	if err != nil {
		return Rollback{}, ConfigInvalid.Failf("%s with the artifact %s could not be used:\n%w", file, v.Hash, err)
	}
	config.dir = filepath.Dir(file)
	return Rollback{Version: v, Config: config, file: file, overrides: overrides, content: content}, nil
}

// artifactSettings are what has to be said for a version: its hash always, its URL and
// digest where the file tells those of the present one. A URL that does not follow
// from the hash is told too.
func artifactSettings(content []byte, v Version) ([]setting, error) {
	var says struct {
		Artifact map[string]any `yaml:"artifact"`
	}
	if err := yaml.Unmarshal(content, &says); err != nil {
		return nil, err
	}
	told := func(key string) bool { _, there := says.Artifact[key]; return there }
	usual := assets.Spec{Hash: v.Hash}
	usual.Defaults()
	settings := []setting{{"artifact", "hash", v.Hash}}
	if told("url") || v.URL != usual.URL {
		settings = append(settings, setting{"artifact", "url", v.URL})
	}
	if told("sha256") {
		settings = append(settings, setting{"artifact", "sha256", v.SHA256})
	}
	return settings, nil
}

// Write puts it into the configuration file, whose comments and layout stay, also those that it
// was given since the plan. The caller holds the run lock.
func (r Rollback) Write() error {
	now, err := rollbackTo(r.file, r.Version, r.overrides)
	if err != nil {
		return err
	}
	return rewrite(r.file, now.content)
}
