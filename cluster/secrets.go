package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/google/renameio/v2"
	"gopkg.in/yaml.v3"

	"wiabctl/provision/change"
)

// Secrets is the stage that lets offline-secrets.sh make the installation's
// secrets once, keeps what it made, and brings it back when it is lost or
// altered. The script is never run again: it would make new secrets, with which
// sessions, assets and calls break (contract section 9).
type Secrets struct {
	Admin *Admin
	Store string // the directory that keeps the copies, 0700
}

// What offline-secrets.sh makes: for the playbooks, and for two charts.
const (
	ansibleSecrets = inventoryDir + "/group_vars/all/secrets.yaml"
	wireSecrets    = "values/wire-server/prod-secrets.example.yaml"
	coturnSecrets  = "values/coturn/prod-secrets.example.yaml"
)

// products are the files that offline-secrets.sh fills (contract section 8.2).
func products() []string { return []string{ansibleSecrets, wireSecrets, coturnSecrets} }

// Name of the stage.
func (Secrets) Name() string { return "secrets" }

func (s Secrets) job() Job {
	return Job{Name: "secrets", Script: []string{toolsFile, "--here", "./bin/offline-secrets.sh"}, Deadline: 15 * time.Minute}
}

// Plan asks for the script only when nothing was ever kept. It brings wiabctl's
// own scripts too, for this stage is the first that needs them.
func (s Secrets) Plan(ctx context.Context) ([]change.Change, error) {
	tools, err := planTools(ctx, s.Admin)
	if err != nil {
		return nil, err
	}
	secrets, err := s.planSecrets(ctx)
	return append(tools, secrets...), err
}

func (s Secrets) planSecrets(ctx context.Context) ([]change.Change, error) {
	kept, err := s.kept()
	if err != nil {
		return nil, err
	}
	if kept == nil {
		return []change.Change{{Verb: change.Run, Subject: "offline-secrets.sh", Reason: "the installation has no secrets yet", Apply: s.make}}, nil
	}
	if err := Inconsistent(checkSecrets(kept)); err != nil {
		return nil, err
	}
	var changes []change.Change
	for _, name := range products() {
		c, err := s.restore(ctx, name, kept[name])
		if err != nil {
			return nil, err
		}
		changes = append(changes, c...)
	}
	return changes, nil
}

// restore brings a product back to what is kept of it, readable for the deploy user only.
func (s Secrets) restore(ctx context.Context, name string, kept []byte) ([]change.Change, error) {
	have, mode, err := s.Admin.stat(ctx, name)
	if errors.Is(err, fs.ErrPermission) {
		have, err = s.Admin.readAny(ctx, name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want, reason := completed(kept, have), "it differs from the secrets that were made for this installation"
	if bytes.Equal(have, want) {
		if mode == 0o600 {
			return nil, nil
		}
		reason = "it has to be the deploy user's alone"
	}
	return []change.Change{{Verb: change.Update, Subject: "file " + name, Reason: reason,
		Apply: func(ctx context.Context, _ change.Progress) error {
			return s.Admin.Write(ctx, name, want, 0o600)
		}}}, nil
}

// completed are the kept secrets, with the keys that only the file in place has: a newer
// artifact's template may bring some that the one they were made from did not know.
// A file in which all kept secrets are is complete as it is.
func completed(kept, have []byte) []byte {
	before, err := parseDocument(kept)
	if err != nil {
		return kept
	}
	now, err := parseDocument(have)
	if err != nil || !before.complete(now) {
		return kept
	}
	want, err := before.bytes()
	if err != nil {
		return kept
	}
	if sameMeaning(have, want) {
		return have
	}
	return want
}

// sameMeaning tells whether two YAML texts say the same.
func sameMeaning(a, b []byte) bool {
	var one, other any
	return yaml.Unmarshal(a, &one) == nil && yaml.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}

// make runs the script, unless it did so already, and keeps its products.
func (s Secrets) make(ctx context.Context, say change.Progress) error {
	job := s.job()
	err := job.unlessDone(ctx, s.Admin, func() error {
		if err := s.close(ctx); err != nil {
			return err
		}
		return job.Run(ctx, s.Admin, say)
	})
	if err != nil {
		return err
	}
	return s.keep(ctx)
}

// close takes the right to read from all but the owner of the files that the script
// is going to write secrets into: it writes over the artifact's examples, whose modes stay.
func (s Secrets) close(ctx context.Context) error {
	for _, name := range products() {
		content, err := s.Admin.Read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.Admin.Write(ctx, name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// keep copies the products into the store, if they fit together: the script takes
// whatever it finds of the playbooks' secrets. All are read before the first is
// written, and the directory is renamed into place, so that the store holds either all or none.
func (s Secrets) keep(ctx context.Context) error {
	made := map[string][]byte{}
	for _, name := range products() {
		content, err := s.Admin.Read(ctx, name)
		if err != nil {
			return fmt.Errorf("offline-secrets.sh left nothing to keep: %w", err)
		}
		made[name] = content
	}
	if err := Inconsistent(checkSecrets(made)); err != nil {
		return err
	}
	part := s.Store + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	for name, content := range made {
		copied := filepath.Join(part, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
			return err
		}
		if err := renameio.WriteFile(copied, content, 0o600); err != nil {
			return err
		}
		if err := s.Admin.Write(ctx, name, content, 0o600); err != nil {
			return err
		}
	}
	return os.Rename(part, s.Store)
}

// kept reads the store; nil when nothing was kept yet. A store that lacks a file is
// an error: making secrets anew would break what the others are used for.
func (s Secrets) kept() (map[string][]byte, error) {
	if _, err := os.Stat(s.Store); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	all := map[string][]byte{}
	for _, name := range products() {
		content, err := os.ReadFile(filepath.Join(s.Store, name))
		if err != nil {
			return nil, SecretsIncomplete.Failf("the kept secrets: %w", err)
		}
		all[name] = content
	}
	return all, nil
}
