package provision

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// constants are a file's constants with the comments behind them, in their order. A value that
// stands in another package is looked up in others.
func constants(t *testing.T, file, ofType string, others map[string]string) (names, values, comments []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		var value string
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok && typeName(spec.Type) == ofType {
			value, _ = strconv.Unquote(literal.Value)
		} else if call, ok := spec.Values[0].(*ast.CallExpr); ok && typeName(call.Fun) == ofType {
			value = others[call.Args[0].(*ast.SelectorExpr).Sel.Name]
		} else {
			return true
		}
		names = append(names, spec.Names[0].Name)
		values = append(values, value)
		comments = append(comments, strings.TrimSpace(spec.Comment.Text()))
		return true
	})
	return names, values, comments
}

func typeName(e ast.Expr) string {
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// eventFields are what an event consists of, from the comments in its type.
func eventFields(t *testing.T) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == "Event" {
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				all[field.Names[0].Name] = strings.TrimSpace(field.Comment.Text())
			}
		}
		return true
	})
	return all
}

// TestEventsDocument keeps docs/events.md equal to the events in the code.
func TestEventsDocument(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# Events\n\nWith `--output json` (or `WIABCTL_OUTPUT=json`) the commands that plan, change or tell of stages print one event a line, as JSON, while it\n" +
		"happens. This page is made from the code (`go test ./provision -update`). New kinds and new fields may come; what is here keeps its meaning.\n\n" +
		"## Fields\n\n| field | type | meaning |\n|---|---|---|\n")
	said := eventFields(t)
	event := reflect.TypeFor[Event]()
	for i := range event.NumField() {
		field := event.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		kind := map[string]string{"time.Time": "time, RFC 3339", "time.Duration": "integer, nanoseconds", "int": "integer"}[field.Type.String()]
		if kind == "" {
			kind = "string"
		}
		meaning := said[field.Name]
		if meaning == "" {
			t.Errorf("the field %s of Event has no comment", field.Name)
		}
		if options == "omitempty" {
			kind += ", may be missing"
		}
		fmt.Fprintf(&doc, "| `%s` | %s | %s |\n", name, kind, meaning)
	}
	doc.WriteString("\n## Kinds\n\n| `event` | what it tells |\n|---|---|\n")
	states := map[string]string{}
	names, values, comments := constants(t, "../cluster/health.go", "HealthState", nil)
	for i, name := range names {
		states[name] = values[i]
		if comments[i] != "" {
			states[values[i]] = comments[i]
		}
	}
	names, values, comments = constants(t, "event.go", "EventKind", states)
	for i, value := range values {
		meaning := comments[i]
		if meaning == "" {
			meaning = states[value]
		}
		if value == "" || meaning == "" {
			t.Errorf("the kind of event %s (%q) has no value or no comment", names[i], value)
		}
		fmt.Fprintf(&doc, "| `%s` | %s |\n", value, meaning)
	}
	if len(values) < 10 {
		t.Errorf("there are only %d kinds of events: %v", len(values), values)
	}
	const file = "../docs/events.md"
	if *update {
		if err := os.WriteFile(file, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc.String(), string(have)); diff != "" {
		t.Errorf("%s differs from the code (-want +have):\n%s", file, diff)
	}
}
