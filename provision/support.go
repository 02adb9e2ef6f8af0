package provision

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"wiabctl/provision/redact"
)

// Support collects what somebody else needs to find out why an installation is as it is: logs, plans, libvirt's XML,
// rules, versions, what Kubernetes tells, the configuration, facts about the host. Secrets are taken out. It changes
// nothing, and works without a usable configuration too.
type Support struct {
	Config    string // the configuration file
	Overrides []Override
}

// Missing is a piece of evidence that could not be collected, or not whole.
type Missing struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Collection tells what came into an archive.
type Collection struct {
	Files   int       `json:"files"`
	Missing []Missing `json:"missing,omitempty"`
}

// evidenceAtOnce is how many pieces of evidence are collected at a time.
const evidenceAtOnce = 4

// Collect writes the archive, a gzipped tar. What cannot be collected is listed in it and returned; the error is why
// nothing may be collected at all (NotRoot: secrets that cannot be read cannot be recognised), or why the archive
// cannot be written.
func (s Support) Collect(ctx context.Context, out io.Writer) (Collection, error) {
	if err := rootCheck(ctx); err != nil {
		return Collection{}, err
	}
	config, invalid := Load(s.Config, s.Overrides...)
	config.complete() // what is not configured is where it is by default
	installation := Open(config, func(Event) {})
	defer installation.Close()
	redactor, unknown := installation.redactor(ctx, secretPlaces(filepath.Dir(s.Config), installation.artifact().Link()))
	all := append(hostEvidence(), configEvidence(s.Config)...)
	all = append(all, evidence{Name: "versions", Collect: func(context.Context) ([]byte, error) { return buildInfo() }})
	if invalid == nil {
		all = append(all, installation.evidence()...)
	}
	archive := newArchive(out, redactor)
	archive.miss("the installation", invalid)
	archive.miss("the list of known secrets; others are recognised by what they look like", unknown)
	return archive.fill(ctx, all)
}

// redactor knows all secrets that are to be had.
func (i *Installation) redactor(ctx context.Context, places secretFiles) (redact.Redactor, error) {
	placed, unread := places.secrets()
	own, unreadOwn := i.ownSecrets()
	inside, silent := i.clusterSecrets(ctx)
	return redact.New(slices.Concat(placed, own, inside)), errors.Join(unread, unreadOwn, silent)
}

// buildInfo is of what this wiabctl was built.
func buildInfo() ([]byte, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, errors.New("this wiabctl was built without telling of what")
	}
	return []byte(info.String()), nil
}

// archive is written while evidence comes in.
type archive struct {
	gzip     *gzip.Writer
	tar      *tar.Writer
	redactor redact.Redactor
	began    time.Time
	came     Collection
}

func newArchive(out io.Writer, redactor redact.Redactor) *archive {
	compressed := gzip.NewWriter(out)
	return &archive{gzip: compressed, tar: tar.NewWriter(compressed), redactor: redactor, began: time.Now().UTC()}
}

// fill collects all evidence, several pieces at a time, and ends the archive with the list of what is missing.
func (a *archive) fill(ctx context.Context, all []evidence) (Collection, error) {
	type piece struct {
		name    string
		content []byte
		err     error
	}
	pieces := make(chan piece)
	var collectors errgroup.Group
	collectors.SetLimit(evidenceAtOnce)
	go func() {
		for _, e := range all {
			collectors.Go(func() error {
				content, err := e.collect(ctx)
				pieces <- piece{e.Name, end([]byte(a.redactor.Text(string(content))), keptEvidence), err}
				return nil
			})
		}
		_ = collectors.Wait() // they return no error
		close(pieces)
	}()
	var failed error
	for p := range pieces {
		a.miss(p.name, p.err)
		if len(p.content) > 0 && failed == nil {
			failed = a.add(p.name, p.content)
		}
	}
	slices.SortFunc(a.came.Missing, func(x, y Missing) int { return strings.Compare(x.Name, y.Name) })
	var list strings.Builder
	for _, m := range a.came.Missing {
		fmt.Fprintf(&list, "%s: %s\n", m.Name, m.Reason)
	}
	if failed == nil {
		failed = a.add("missing", []byte(list.String()))
	}
	return a.came, errors.Join(failed, context.Cause(ctx), a.tar.Close(), a.gzip.Close())
}

// miss notes why something is not there.
func (a *archive) miss(name string, err error) {
	if err != nil {
		a.came.Missing = append(a.came.Missing, Missing{name, strings.TrimSpace(a.redactor.Text(err.Error()))})
	}
}

// add writes a file, its owner's alone.
func (a *archive) add(name string, content []byte) error {
	a.came.Files++
	err := a.tar.WriteHeader(&tar.Header{Name: "wiabctl-support/" + name, Mode: 0o600, Size: int64(len(content)), ModTime: a.began, Format: tar.FormatPAX})
	if err == nil {
		_, err = a.tar.Write(content)
	}
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}
