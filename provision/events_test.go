package provision

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"wiabctl/cluster"
)

// constant is one of a type's values, with the comment behind it.
type constant struct{ value, comment string }

// declaredIn are those of the type in the file, in their order. One that stands for another
// package's is found among others by its value.
func declaredIn(t *testing.T, file, ofType string, others ...constant) []constant {
	t.Helper()
	var all []constant
	inspect(t, file, func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		switch value := spec.Values[0].(type) {
		case *ast.BasicLit:
			if named(spec.Type, ofType) {
				text, _ := strconv.Unquote(value.Value)
				all = append(all, constant{text, strings.TrimSpace(spec.Comment.Text())})
			}
		case *ast.CallExpr:
			if named(value.Fun, ofType) && len(others) > 0 {
				all = append(all, others[0])
				others = others[1:]
			}
		}
	})
	for _, c := range all {
		if c.value == "" || c.comment == "" {
			t.Errorf("%s: of the type %s, the constant %q has no comment", file, ofType, c.value)
		}
	}
	return all
}

func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func inspect(t *testing.T, file string, visit func(ast.Node)) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		visit(n)
		return true
	})
}

// fields writes a table of a type's fields as JSON has them, with the comments in the file.
func fields(t *testing.T, doc *strings.Builder, file string, of reflect.Type) {
	t.Helper()
	comments := map[string]string{}
	inspect(t, file, func(n ast.Node) {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == of.Name() {
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				comments[field.Names[0].Name] = strings.TrimSpace(field.Comment.Text())
			}
		}
	})
	doc.WriteString("| field | type | meaning |\n|---|---|---|\n")
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if comments[field.Name] == "" {
			t.Errorf("%s: the field %s of %s has no comment", file, field.Name, of)
		}
		kind := jsonType(field.Type)
		if options == "omitempty" {
			kind += ", may be missing"
		}
		fmt.Fprintf(doc, "| `%s` | %s | %s |\n", name, kind, comments[field.Name])
	}
}

// jsonType names what a type is in JSON.
func jsonType(of reflect.Type) string {
	switch {
	case of.String() == "time.Time":
		return "time, RFC 3339"
	case of.String() == "time.Duration":
		return "integer, nanoseconds"
	case of.Kind() == reflect.Int:
		return "integer"
	case of.Kind() == reflect.Bool:
		return "boolean"
	case of.Kind() == reflect.Slice:
		return "list"
	case of.Kind() == reflect.Pointer:
		return "object, see below"
	}
	return "string"
}

// TestEventsDocument keeps docs/events.md equal to the events in the code.
func TestEventsDocument(t *testing.T) {
	health := declaredIn(t, "../cluster/health.go", "HealthState")
	kinds := declaredIn(t, "event.go", "EventKind", health...)
	if len(kinds) < 14 || len(health) != 4 || health[0].value != string(cluster.Healthy) {
		t.Fatalf("the code is not read as it should be: %v, %v", kinds, health)
	}
	var doc strings.Builder
	doc.WriteString("# Events\n\nWith `--output json` (or `WIABCTL_OUTPUT=json`) the commands that plan, change or tell of stages print one event a line, as JSON, while it\n" +
		"happens. This page is made from the code (`go test ./provision -update`). New kinds and new fields may come; what is here keeps its meaning.\n" +
		"Commands that list something print one object a line. Errors stand on standard error, in words, and in the [exit code](failures.md).\n\n" +
		"## An event\n\n")
	fields(t, &doc, "event.go", reflect.TypeFor[Event]())
	doc.WriteString("\n## The run\n\n")
	fields(t, &doc, "run.go", reflect.TypeFor[RunInfo]())
	for _, list := range []struct {
		title, field string
		values       []constant
	}{
		{"Kinds", "event", kinds},
		{"Verbs", "verb", declaredIn(t, "change/change.go", "Verb")},
		{"Outcomes", "outcome", declaredIn(t, "run.go", "Outcome")},
	} {
		fmt.Fprintf(&doc, "\n## %s\n\n| `%s` | meaning |\n|---|---|\n", list.title, list.field)
		for _, c := range list.values {
			fmt.Fprintf(&doc, "| `%s` | %s |\n", c.value, c.comment)
		}
	}
	golden(t, "../docs/events.md", []byte(doc.String()))
}
