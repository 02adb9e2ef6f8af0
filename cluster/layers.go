package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"wiabctl/provision/change"
)

// Layers is the stage that has helm render all computed values and the user's, with the
// artifact's own charts, before anything is deployed from them: a value that a chart does
// not take, or that the user's overlay undoes, is found here. A receipt keeps what was found
// good, by the digest of layers and charts.
type Layers struct {
	Admin *Admin
	// Want tells what there is to render.
	Want func(ctx context.Context) (Rendering, error)
	// Check looks whether the objects that came of it do what the values are for.
	Check func(ctx context.Context, of Rendering, rendered map[string]Rendered) (Faults, error)
}

// renderedName is the receipt: the digest of the layers and charts that were found good last.
const renderedName = "wiab/rendered"

// Name of the stage.
func (Layers) Name() string { return "layers" }

// Plan wants the layers rendered unless these were, with these charts, and found good.
func (l Layers) Plan(ctx context.Context) ([]change.Change, error) {
	want, err := l.Want(ctx)
	names := want.releases()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	digest, err := l.digest(ctx, want)
	if err != nil {
		return nil, err
	}
	receipt, err := l.Admin.Read(ctx, renderedName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if digest != "" && string(bytes.TrimSpace(receipt)) == digest {
		return nil, nil
	}
	reason := "whether the charts take these values was not looked at yet"
	if receipt != nil {
		reason = "values or charts changed since they were last looked at"
	}
	return []change.Change{{Verb: change.Run, Subject: "helm template", Apply: l.render,
		Reason: fmt.Sprintf("%s: %s", reason, brief(names))}}, nil
}

// render renders and checks what is wanted by now; the artifact may have come since the plan.
func (l Layers) render(ctx context.Context, say change.Progress) error {
	want, err := l.Want(ctx)
	if err != nil {
		return err
	}
	say.Sayf("rendering %d releases of the artifact and %d of extra domains", len(want.artifacts()), len(want.Own))
	if err := l.check(ctx, want); err != nil {
		return err
	}
	digest, err := l.digest(ctx, want)
	if err != nil {
		return err
	}
	return l.Admin.Write(ctx, renderedName, []byte(digest+"\n"), 0o600)
}

// check looks at what is wanted. What is wrong with a release without the user's overlays too is not theirs; where
// there is no value of ours either, it is not for us to judge: helm says it when it deploys.
func (l Layers) check(ctx context.Context, want Rendering) error {
	wrong, err := l.look(ctx, want)
	if err != nil || len(wrong) == 0 || len(want.Users) == 0 {
		return errors.Join(err, wrong.Err())
	}
	bare, err := l.look(ctx, want.Bare())
	if err != nil {
		return err
	}
	for release := range wrong {
		switch {
		case bare[release] == nil:
		case want.computed(release):
			wrong[release] = bare[release]
		default:
			delete(wrong, release)
		}
	}
	return wrong.Err()
}

// look has helm render, and checks what came of it.
func (l Layers) look(ctx context.Context, want Rendering) (Faults, error) {
	output, err := l.Admin.feed(ctx, bytes.NewReader(want.Input()), append([]string{l.Admin.path(toolsFile)}, want.Command()...)...)
	if err != nil {
		return nil, fmt.Errorf("render the charts: %w", err)
	}
	rendered, err := ParseRendered(output)
	if err != nil {
		return nil, err
	}
	return l.Check(ctx, want, rendered)
}

// chartsDigest prints the digest of files and directories, by their content alone; nothing
// while there are none.
const chartsDigest = `set -euo pipefail; cd "$1"; shift; if [ ! -d charts ]; then exit; fi
tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$@" | sha256sum`

// digest names the layers and the charts' content; empty while there are no charts.
func (l Layers) digest(ctx context.Context, want Rendering) (string, error) {
	content, err := l.Admin.Run(ctx, append([]string{"bash", "-c", chartsDigest, "charts", l.Admin.Dir}, want.charts()...)...)
	if errors.Is(err, change.ErrNotInstalled) || err == nil && len(content) == 0 {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at the charts: %w", err)
	}
	h := sha256.New()
	h.Write(content)
	for _, part := range want.Command() {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	h.Write(want.Input())
	return hex.EncodeToString(h.Sum(nil)), nil
}

// brief names the first of many.
func brief(names []string) string {
	const most = 8
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
