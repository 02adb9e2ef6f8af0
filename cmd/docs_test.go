package cmd

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// TestDocsLinks: every link within the documentation leads to a file that is there and, where it
// names one, to a place in it; and the index leads to every page.
func TestDocsLinks(t *testing.T) {
	pages := documentation(t)
	indexed := map[string]bool{"docs/README.md": true}
	for _, p := range pages {
		for _, link := range p.links() {
			if strings.Contains(link, "://") {
				continue
			}
			file, fragment, _ := strings.Cut(link, "#")
			target := p.path
			if file != "" {
				target = path.Join(path.Dir(p.path), file)
			}
			if p.path == "docs/README.md" {
				indexed[target] = true
			}
			if _, err := os.Stat(filepath.Join("..", target)); err != nil {
				t.Errorf("%s: %s leads nowhere: %v", p.path, link, err)
			} else if to, ok := pages[target]; fragment != "" && (!ok || !to.anchors()[fragment]) {
				t.Errorf("%s: %s: there is no such place in %s", p.path, link, target)
			}
		}
	}
	for name := range pages {
		if strings.HasPrefix(name, "docs/") && !indexed[name] {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
}

// TestDocsCommands: each command line of wiabctl's in the documentation is one that it takes.
func TestDocsCommands(t *testing.T) {
	count := 0
	for _, p := range documentation(t) {
		for _, language := range []string{"sh", "console"} {
			for _, f := range p.fences(language) {
				lines, err := commandLines(f)
				if err != nil {
					t.Errorf("%s:%d: %v", p.path, f.line, err)
				}
				for _, argv := range lines {
					count++
					if err := takes(argv, true); err != nil {
						t.Errorf("%s:%d: wiabctl %s: %v", p.path, f.line, strings.Join(argv, " "), err)
					}
				}
			}
		}
		for _, span := range p.spans() {
			if argv := strings.Fields(strings.TrimPrefix(span, "sudo ")); len(argv) > 1 && argv[0] == "wiabctl" {
				count++
				if err := takes(unbracketed(argv[1:]), false); err != nil {
					t.Errorf("%s: `%s`: %v", p.path, span, err)
				}
			}
		}
	}
	if count < 50 {
		t.Errorf("there are only %d command lines in the documentation", count)
	}
}

// takes says why the command line is none that wiabctl takes. The arguments count only where
// they are not placeholders.
func takes(argv []string, complete bool) error {
	root := Command()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(argv...)
	command, rest, err := root.Find(argv)
	if err != nil {
		return err
	}
	if command.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return fmt.Errorf("%s knows no %q", command.CommandPath(), rest[0])
	}
	command.InitDefaultHelpFlag()
	if err := command.ParseFlags(rest); err != nil || !complete {
		return err
	}
	return command.ValidateArgs(command.Flags().Args())
}

// unbracketed takes out what says that words are optional, repeated or one of several.
func unbracketed(argv []string) []string {
	var plain []string
	for _, word := range argv {
		word = strings.Trim(strings.ReplaceAll(word, "...", ""), "[]")
		if word, _, _ = strings.Cut(word, "|"); word != "" && word != "…" {
			plain = append(plain, word)
		}
	}
	return plain
}

// commandLines are the arguments of every wiabctl in a block of shell, or in a session of one,
// where a prompt begins what is typed.
func commandLines(f fence) ([][]string, error) {
	content := f.content
	if strings.HasPrefix(f.info, "console") {
		var typed strings.Builder
		for line := range strings.Lines(content) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				typed.WriteString(command)
			}
		}
		content = typed.String()
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(content), "")
	if err != nil {
		return nil, err
	}
	var all [][]string
	syntax.Walk(file, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			all = append(all, ours(call)...)
		}
		return true
	})
	return all, nil
}

// ours are the words behind the first wiabctl of a call: sudo may stand before it.
func ours(call *syntax.CallExpr) [][]string {
	for i, word := range call.Args {
		if word.Lit() == "wiabctl" {
			var argv []string
			for _, word := range call.Args[i+1:] {
				argv = append(argv, written(word))
			}
			return [][]string{argv}
		}
	}
	return nil
}

// written is a word as it is typed, without the quotes around it.
func written(word *syntax.Word) string {
	var out strings.Builder
	_ = syntax.NewPrinter().Print(&out, word)
	return strings.Trim(out.String(), `'"`)
}

// TestDocsMistakes: the checks above see what they are there for.
func TestDocsMistakes(t *testing.T) {
	for line, says := range map[string]string{
		"sudo wiabctl up --fast":               "unknown flag",
		"wiabctl domains":                      `knows no "domains"`,
		"wiabctl vm reboot kubenode1":          `knows no "reboot"`,
		"x=$(wiabctl up now)":                  `knows no "now"`,
		"if true; then wiabctl vm list -z; fi": "unknown shorthand",
	} {
		lines, err := commandLines(fence{content: line})
		if err != nil || len(lines) != 1 {
			t.Fatalf("%s: %q, %v", line, lines, err)
		}
		if err := takes(lines[0], true); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", line, err, says)
		}
	}
}
