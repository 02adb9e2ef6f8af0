package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// step is a command that a page shows behind a prompt, and the output shown below it.
type step struct {
	where   string // lab: the KVM host's shell; outside: a machine on the lab's internet
	command string
	shown   []string
}

// steps are those in the page's fences that say `console lab` or `console outside`.
func steps(source []byte) []step {
	var all []step
	_ = ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering || block.Info == nil {
			return ast.WalkContinue, nil
		}
		language, where, _ := strings.Cut(string(block.Info.Value(source)), " ")
		if language != "console" || where == "" {
			return ast.WalkContinue, nil
		}
		for line := range strings.Lines(string(block.Lines().Value(source))) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, step{where: where, command: strings.TrimSpace(command)})
			} else if len(all) > 0 {
				all[len(all)-1].shown = append(all[len(all)-1].shown, strings.TrimSpace(line))
			}
		}
		return ast.WalkContinue, nil
	})
	return all
}

// output is a pattern of what is shown: each line stands there in this order, an ellipsis for any
// text within a line, and alone for any lines. One at a line's beginning may stand for lines too.
func (s step) output() *regexp.Regexp {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for _, line := range s.shown {
		if line == "…" {
			pattern.WriteString(`(?s:.*)`)
			continue
		}
		if rest, ok := strings.CutPrefix(line, "…"); ok {
			pattern.WriteString(`(?s:.*)`)
			line = rest
		}
		words := strings.Fields(strings.ReplaceAll(line, "…", " … "))
		for i, word := range words {
			if word == "…" {
				words[i] = ".*"
			} else {
				words[i] = regexp.QuoteMeta(word)
			}
		}
		pattern.WriteString(`[ \t]*` + strings.Join(words, `[ \t]*`) + `[ \t]*\n`)
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String())
}

// run types the command and returns all that it says.
func (s step) run(ctx context.Context) (string, error) {
	var cmd *exec.Cmd
	if url, ok := strings.CutPrefix(s.command, "make lab-curl URL="); ok && s.where == "outside" {
		cmd = theLab.Curl(ctx, "-sS", url) // as the Makefile has it
	} else if s.where == "lab" {
		// Whoever reads along says yes.
		cmd = theLab.Host(ctx, "env", "WIABCTL_YES=1", "bash", "-o", "pipefail", "-c", s.command)
	} else {
		return "", fmt.Errorf("there is no way to run %q %s", s.command, s.where)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if out.Len() > 0 && !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteByte('\n')
	}
	return out.String(), err
}

// TestDocs types what the tutorial tells its readers to type, in its order, on an installation as
// they have it by then: every command succeeds and says what the page shows.
func TestDocs(t *testing.T) {
	long(t)
	source, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	all := steps(source)
	if len(all) < 20 {
		t.Fatalf("the tutorial has only %d steps", len(all))
	}
	installed(t)
	for _, s := range all {
		began := time.Now()
		said, err := s.run(cleanable(t))
		t.Logf("%s: $ %s: %v after %s\n%s", s.where, s.command, err, time.Since(began).Round(time.Millisecond), said)
		if err != nil {
			t.Fatalf("$ %s: %v", s.command, err)
		}
		if !s.output().MatchString(said) {
			t.Errorf("$ %s does not say what the tutorial shows:\n%s", s.command, strings.Join(s.shown, "\n"))
		}
	}
}

// TestDocsOutput: what the tutorial shows is held against what is said, line by line.
func TestDocsOutput(t *testing.T) {
	source := "text\n\n```console lab\n$ one\nA …\n…b\n$ two\n```\n\n```console\n$ three\n```\n"
	all := steps([]byte(source))
	if len(all) != 2 || all[0].command != "one" || all[1].command != "two" || len(all[0].shown) != 2 {
		t.Fatalf("%+v", all)
	}
	for said, want := range map[string]bool{"A x\nb\n": true, "A  y\n z\nany b\n": true, "B x\nb\n": false, "A x\nb\nc\n": false, "A x\n": false, "": false} {
		if all[0].output().MatchString(said) != want {
			t.Errorf("%q is what is shown: %v", said, !want)
		}
	}
	if !all[1].output().MatchString("") || all[1].output().MatchString("something\n") {
		t.Error("where no output is shown, there is none")
	}
}
