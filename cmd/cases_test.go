package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"wiabctl/provision"
)

// textOnly are the commands, with those below them, whose output is no JSON: somebody else's words, a file with a format of
// its own, or help.
var textOnly = []string{
	"attach", "completion", "d", "helm", "kubeconfig", "kubectl", "logs", "vm console", "vm logs", "vm ssh",
	"config schema", "proxy render",
	"assets", "config", "domain", "keys", "network", "proxy", "secrets", "snapshot", "vm",
}

// cases are what is tried of the commands.
type cases struct {
	root  *cobra.Command
	tried map[string]map[string]bool // by the path below the root: "help", "good", "bad input", "JSON"
}

// TestEveryCommandHasCases walks all commands that people call. The scripts have to ask for the help of each and to
// call it wrongly; what it is for it has to do in a script or, where that takes an installation, in a scenario of the lab.
func TestEveryCommandHasCases(t *testing.T) {
	all := cases{Command(), map[string]map[string]bool{}}
	all.ofScripts(t)
	all.ofScenarios(t)
	each(all.root, func(c *cobra.Command) {
		path := below(c)
		wanted := []string{"help", "good", "bad input", "JSON"}
		if slices.Contains(textOnly, path) || strings.HasPrefix(path, "completion ") || !c.HasParent() {
			wanted = wanted[:3]
		}
		for _, kind := range wanted {
			if !all.tried[path][kind] {
				t.Errorf("%s has no case of %s", c.CommandPath(), kind)
			}
		}
	})
}

// each calls do with the command and with all below it that people call.
func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			each(sub, do)
		}
	}
}

// below is the path of a command, without the root.
func below(c *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), c.Root().Name()), " ")
}

// ofScripts notes what the scripts run, also where another program runs it.
func (all cases) ofScripts(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(archive.Comment)) {
			words := strings.Fields(line)
			at := slices.Index(words, "wiabctl")
			if at < 0 {
				continue
			}
			switch before := words[:at]; {
			case slices.Contains(before, "exec") && !slices.Contains(before, "!"):
				all.note(words[at+1:], 0)
			case slices.Contains(before, "exits"):
				code, err := strconv.Atoi(before[slices.Index(before, "exits")+1])
				if err != nil {
					t.Fatalf("%s: %s: %v", file, line, err)
				}
				all.note(words[at+1:], code)
			}
		}
	}
}

// ofScenarios notes which commands the scenarios demand success of.
func (all cases) ofScenarios(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("../e2e/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if argv := succeeding(call); argv != nil {
					all.note(argv, 0)
				}
			}
			return true
		})
	}
}

// succeeding are the arguments of wiabctl in a call that demands its success; nil in others. What is no literal there is "?".
func succeeding(call *ast.CallExpr) (argv []string) {
	name, ok := call.Fun.(*ast.Ident)
	if !ok || call.Ellipsis.IsValid() {
		return nil
	}
	args := call.Args
	switch {
	case name.Name == "mustWiabctl" || name.Name == "frugal":
		args = args[1:] // t
	case name.Name == "exits" && literal(args[1]) == "0":
		args = args[3:] // t, the exit code, what it says
	default:
		return nil
	}
	for _, arg := range args {
		argv = append(argv, literal(arg))
	}
	return argv
}

// literal is the value of a string or number that is written out, "?" for anything else.
func literal(e ast.Expr) string {
	basic, ok := e.(*ast.BasicLit)
	if !ok {
		return "?"
	}
	if text, err := strconv.Unquote(basic.Value); err == nil {
		return text
	}
	return basic.Value
}

// note says what a command line is a case of, by its exit code.
func (all cases) note(argv []string, code int) {
	if len(argv) > 0 && argv[0] == cobra.ShellCompRequestCmd {
		return
	}
	help := len(argv) > 0 && argv[0] == "help" || slices.Contains(argv, "--help")
	if help && argv[0] == "help" {
		argv = argv[1:]
	}
	c, rest, err := all.root.Find(argv)
	if err != nil {
		return
	}
	path := below(c)
	if all.tried[path] == nil {
		all.tried[path] = map[string]bool{}
	}
	is := all.tried[path]
	switch asJSON := slices.Contains(rest, "json") && (slices.Contains(rest, "--output") || slices.Contains(rest, "-o")); {
	case code == provision.BadUsage.Exit || code == provision.ConfigInvalid.Exit:
		is["bad input"] = true
	case code != 0 && code != provision.SomethingToDo.Exit:
	case help:
		is["help"] = true
	default:
		is["good"], is["JSON"] = true, is["JSON"] || asJSON
	}
}
