package assets

import (
	"bytes"
	"fmt"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// environment are the variables that steer helm-operations.sh (contract section 8.4).
var environment = []string{"TARGET_SYSTEM", "CERT_MASTER_EMAIL", "DEPLOY_CERT_MANAGER", "DEPLOY_CALLING_SERVICES", "HOST_IP"}

// ignored are those of the variables that a shell script does not take from its
// environment: it sets them itself, or does not know them.
func ignored(script []byte, variables []string) ([]string, error) {
	file, err := syntax.NewParser().Parse(bytes.NewReader(script), "")
	if err != nil {
		return nil, fmt.Errorf("understand the script: %w", err)
	}
	use := usage{taken: map[string]bool{}, set: map[string]bool{}}
	for _, statement := range file.Stmts {
		use.outright = assigned(statement)
		syntax.Walk(statement, use.visit)
	}
	for len(use.functions) > 0 { // their bodies run later than what stands around them
		body := use.functions[0]
		use.functions = use.functions[1:]
		syntax.Walk(body, use.visit)
	}
	return slices.DeleteFunc(slices.Clone(variables), func(name string) bool { return use.taken[name] && !use.set[name] }), nil
}

// usage is what a script does with its variables.
type usage struct {
	taken     map[string]bool // its value was asked for
	set       map[string]bool // it was set, whatever the environment says
	outright  []*syntax.Assign
	functions []*syntax.Stmt
}

// visit takes notice of one node, in the order of the script.
func (u *usage) visit(node syntax.Node) bool {
	switch n := node.(type) {
	case *syntax.FuncDecl:
		u.functions = append(u.functions, n.Body)
		return false
	case *syntax.CallExpr:
		if len(n.Args) > 0 { // X=y command: for that command alone
			u.expansions(n)
			return false
		}
	case *syntax.DeclClause:
		if n.Variant.Value == "local" {
			u.expansions(n)
			return false
		}
	case *syntax.Subshell, *syntax.CmdSubst: // what they set ends with them
		u.expansions(n)
		return false
	case *syntax.Assign:
		u.assign(n)
	case *syntax.ParamExp:
		u.expand(n)
	}
	return true
}

// expansions takes notice only of the values that are asked for below the node.
func (u *usage) expansions(node syntax.Node) {
	syntax.Walk(node, func(below syntax.Node) bool {
		if n, ok := below.(*syntax.ParamExp); ok {
			u.expand(n)
		}
		return true
	})
}

func (u *usage) expand(n *syntax.ParamExp) {
	if n.Param != nil {
		u.taken[n.Param.Value] = true
	}
}

// assign tells a default, X=${X:-y}, from a value that replaces the environment's: one
// that is set before anybody asked, or outright by a text without any expansion.
func (u *usage) assign(n *syntax.Assign) {
	if n.Name == nil || n.Naked || n.Append {
		return
	}
	name, values := n.Name.Value, 0
	itself := false
	syntax.Walk(n, func(below syntax.Node) bool {
		switch e := below.(type) {
		case *syntax.ParamExp:
			values++
			itself = itself || e.Param != nil && e.Param.Value == name
		case *syntax.CmdSubst:
			values++
		}
		return true
	})
	if !itself && (!u.taken[name] || values == 0 && slices.Contains(u.outright, n)) {
		u.set[name] = true
	}
}

// assigned are the assignments that a statement makes whatever happens before.
func assigned(statement *syntax.Stmt) []*syntax.Assign {
	switch c := statement.Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			return c.Assigns
		}
	case *syntax.DeclClause:
		return c.Args
	}
	return nil
}
