package cluster

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// playbookCall is a place of a shell script that calls ansible-playbook.
type playbookCall struct {
	name string // the playbook's file name: "minio.yml"
	sure bool   // each run of the script comes by, once
}

// playbookCalls are those of a script in their order. It fails where the script does not say
// in so many words which playbook it plays.
func playbookCalls(script []byte) ([]playbookCall, error) {
	file, err := syntax.NewParser().Parse(bytes.NewReader(script), "")
	if err != nil {
		return nil, fmt.Errorf("understand the script: %w", err)
	}
	var calls []playbookCall
	for _, statement := range file.Stmts {
		syntax.Walk(statement, func(node syntax.Node) bool {
			call, ok := node.(*syntax.CallExpr)
			if !ok || len(call.Args) == 0 || call.Args[0].Lit() != "ansible-playbook" {
				return true
			}
			name := playbookName(call.Args[1:])
			if name == "" {
				err = fmt.Errorf("line %d does not name the playbook that it plays", call.Pos().Line())
			}
			calls = append(calls, playbookCall{name, statement.Cmd == call})
			return true
		})
	}
	return calls, err
}

// playbookFileName is how a playbook's name ends where its directory is a variable's value.
var playbookFileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*\.ya?ml$`)

// playbookName is the file name of the first word that names a playbook; empty if none does.
func playbookName(args []*syntax.Word) string {
	value := false // the word is the value of the option before it
	for _, word := range args {
		name := path.Base(trailing(word))
		option := strings.HasPrefix(word.Lit(), "-")
		if !value && !option && playbookFileName.MatchString(name) {
			return name
		}
		value = takesFile[word.Lit()]
	}
	return ""
}

// takesFile are the options whose value may look like a playbook.
var takesFile = map[string]bool{"-i": true, "--inventory": true, "--inventory-file": true, "-e": true, "--extra-vars": true}

// trailing is the text that a word ends with, whatever its variables are.
func trailing(word *syntax.Word) string {
	parts := word.Parts
	for len(parts) > 0 {
		switch last := parts[len(parts)-1].(type) {
		case *syntax.Lit:
			return last.Value
		case *syntax.SglQuoted:
			return last.Value
		case *syntax.DblQuoted:
			parts = last.Parts
		default:
			return ""
		}
	}
	return ""
}
