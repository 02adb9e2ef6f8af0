package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/vm"
)

// parts are the directories whose types are in Config.
var parts = []string{".", "../vm", "../network", "../cluster", "../ingress", "../assets"}

// TestSchema keeps config.schema.json equal to what the types say.
func TestSchema(t *testing.T) {
	golden(t, "config.schema.json", schemaText(t))
}

// schemaText derives the schema from Config, with the constants of types as enums and what
// complete fills in as defaults.
func schemaText(t *testing.T) []byte {
	t.Helper()
	enums := enumerations(t)
	r := jsonschema.Reflector{FieldNameTag: "yaml", Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(typ reflect.Type) *jsonschema.Schema { return ofType(typ, enums) }}
	for _, dir := range parts {
		if err := r.AddGoComments("wiabctl/provision", dir); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(Config{})
	s.Title = "wiabctl's configuration file"
	describe(s, defaults(t))
	calling, _ := s.Properties.Get("calling")
	mode, _ := calling.Properties.Get("mode")
	whole := *calling
	*calling = jsonschema.Schema{Description: whole.Description, AnyOf: []*jsonschema.Schema{{Type: "string", Enum: mode.Enum}, &whole}}
	version, _ := s.Properties.Get(versionField)
	for _, f := range formats {
		version.Enum = append(version.Enum, f.version)
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	// A part whose fields are all comments has no value, which wiabctl takes for an empty one.
	text = regexp.MustCompile(`(?m)^( {3,}"type": )"object"`).ReplaceAll(text, []byte(`$1["object", "null"]`))
	return append(text, '\n')
}

// ofType is the schema of a type that is written otherwise than it is in memory; nil for others.
func ofType(t reflect.Type, enums map[string][]any) *jsonschema.Schema {
	text := func(pattern string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Pattern: pattern} }
	switch t {
	case nodeType, reflect.TypeFor[ingress.Values]():
		return &jsonschema.Schema{Type: "object"}
	case durationType:
		return text(`^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$`)
	case reflect.TypeFor[vm.Size]():
		return text(`^[1-9][0-9]{0,9} ?(MiB|GiB|TiB)$`)
	case reflect.TypeFor[network.PortRange]():
		return text(`^[0-9]{1,5}-[0-9]{1,5}$`)
	case reflect.TypeFor[network.Allowance]():
		return text(`^[0-9]{1,5}(-[0-9]{1,5})?/(tcp|udp)( from .+)?$`)
	case reflect.TypeFor[netip.Addr]():
		return &jsonschema.Schema{Type: "string", Format: "ipv4"}
	case reflect.TypeFor[netip.Prefix]():
		return text(`^[0-9.]+/[0-9]+$`)
	case reflect.TypeFor[network.Links]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}}}}
	}
	if enum := enums[t.PkgPath()+"."+t.Name()]; t.Kind() == reflect.String && enum != nil {
		return &jsonschema.Schema{Type: "string", Enum: enum}
	}
	return nil
}

// enumerations are the values of the constants of each named type, "wiabctl/vm.Accel".
func enumerations(t *testing.T) map[string][]any {
	t.Helper()
	all := map[string][]any{}
	for _, dir := range parts {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if !ok {
					return true
				}
				typ, named := spec.Type.(*ast.Ident)
				for _, value := range spec.Values {
					if literal, ok := value.(*ast.BasicLit); ok && named && literal.Kind == token.STRING {
						text, _ := strconv.Unquote(literal.Value)
						key := filepath.Join("wiabctl/provision", dir) + "." + typ.Name
						all[key] = append(all[key], text)
					}
				}
				return true
			})
		}
	}
	return all
}

// defaults are the values that complete fills in, also into parts that are there only when
// somebody asks for them.
func defaults(t *testing.T) map[string]any {
	t.Helper()
	config := Config{Ingress: ingress.Spec{Proxy: &ingress.Proxy{}, Domains: []ingress.Domain{{Proxy: &ingress.Proxy{}}}}, Network: network.Spec{Firewall: &network.Firewall{}}, Cluster: cluster.Spec{}}
	config.complete()
	text, err := yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// describe writes the defaults into the schema, and each description into one line.
func describe(s *jsonschema.Schema, value any) {
	s.Description = strings.ReplaceAll(s.Description, "\n", " ")
	switch v := value.(type) {
	case map[string]any:
		if s.Properties != nil {
			for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
				describe(pair.Value, v[pair.Key])
			}
			return
		}
	case []any:
		if s.Items != nil && s.Items.Properties != nil && len(v) > 0 {
			describe(s.Items, v[0])
			return
		}
	case nil:
		if s.Properties != nil {
			describe(s, map[string]any{})
		}
		for _, below := range []*jsonschema.Schema{s.Items, s.AdditionalProperties} {
			if below != nil && below.Properties != nil {
				describe(below, nil)
			}
		}
		return
	}
	if reflect.ValueOf(value).IsZero() || fmt.Sprint(value) == "[]" || fmt.Sprint(value) == "map[]" {
		return
	}
	if text, ok := value.(string); ok && regexp.MustCompile(`^[0-9]+m0s$`).MatchString(text) {
		value = strings.TrimSuffix(text, "0s")
	}
	s.Default = value
}

// TestSchemaTells demands of the schema what people and editors look for in it.
func TestSchemaTells(t *testing.T) {
	var top map[string]any
	if err := json.Unmarshal(Schema(), &top); err != nil {
		t.Fatal(err)
	}
	if top["$schema"] != "https://json-schema.org/draft/2020-12/schema" || top["additionalProperties"] != false {
		t.Errorf("$schema is %v, additionalProperties %v", top["$schema"], top["additionalProperties"])
	}
	told := map[string]map[string]any{}
	var walk func(path string, s map[string]any)
	walk = func(path string, s map[string]any) {
		for _, either := range []string{"anyOf"} {
			for _, one := range list(s[either]) {
				walk(path, one.(map[string]any))
			}
		}
		properties, _ := s["properties"].(map[string]any)
		for name, below := range properties {
			at := under(path, name)
			told[at] = below.(map[string]any)
			walk(at, told[at])
		}
		for _, key := range []string{"items", "additionalProperties"} {
			if below, ok := s[key].(map[string]any); ok {
				walk(path+"[]", below)
			}
		}
	}
	walk("", top)
	for _, path := range Fields() {
		if text, _ := told[path]["description"].(string); text == "" {
			t.Errorf("%s has no description", path)
		}
	}
	for path, want := range map[string]any{"network.egress": "acme", "vms.sizes.kubenode.memory": "9GiB", "vms.sizes.datanode.cpus": 4.0, "vms.ready": "10m", "network.subnet": "192.168.122.0/24",
		"calling.mode": "self-hosted", "assets.cache": "/var/cache/wiabctl", "network.firewall.prove": "1m", "domains[].csp": "webapp", "domains[].proxy.ssh.port": 22.0} {
		if got := told[path]["default"]; got != want {
			t.Errorf("the default of %s is %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]string{"vms.accel": "[kvm tcg]", "network.hairpin": "[always never auto]", "calling.mode": "[self-hosted wire-cloud none]", "vms.provider": "[libvirt external]", versionField: "[wiabctl/v1]"} {
		if got := fmt.Sprint(told[path]["enum"]); got != want {
			t.Errorf("%s is one of %s, want %s", path, got, want)
		}
	}
	if got := told["domains[]"]; got != nil {
		t.Error("a list has a field of no name")
	}
	if got := fmt.Sprint(top["required"]); got != "[domain email]" {
		t.Errorf("required are %s", got)
	}
}

func list(v any) []any { all, _ := v.([]any); return all }

// compiled is the schema, ready to validate with.
func compiled(t *testing.T) *validator.Schema {
	t.Helper()
	doc, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("config.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits validates a configuration's text.
func fits(s *validator.Schema, text string) error {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return err
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

var (
	yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	heredoc   = regexp.MustCompile(`(?s)/wiabctl\.yaml <<'?X'?\n(.*?)\n *X\n`)
	otherFile = regexp.MustCompile(`^# (/\S+|\S+\.ya?ml)`)
)

// TestExamples takes every configuration in the documents, by the schema and by Parse. A block
// that begins with the name of another file is none; what an example leaves out is filled in.
func TestExamples(t *testing.T) {
	s := compiled(t)
	documents, err := filepath.Glob("../docs/*.md")
	howTos, _ := filepath.Glob("../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range slices.Concat(documents, howTos, []string{"../README.md"}) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		examples := append(yamlBlock.FindAllStringSubmatch(string(text), -1), heredoc.FindAllStringSubmatch(string(text), -1)...)
		for _, example := range examples {
			if first := otherFile.FindStringSubmatch(example[1]); first != nil && !strings.HasSuffix(first[1], "wiabctl.yaml") {
				continue
			}
			count++
			config := filled(t, example[1])
			if err := fits(s, config); err != nil {
				t.Errorf("%s: the schema refuses\n%s\n%v", name, config, err)
			}
			if _, err := Parse([]byte(config)); err != nil {
				t.Errorf("%s: wiabctl refuses\n%s\n%v", name, config, err)
			}
		}
	}
	if count < 13 {
		t.Errorf("%d examples were found", count)
	}
}

// filled is a configuration with what every one needs.
func filled(t *testing.T, text string) string {
	t.Helper()
	var says, needed map[string]any
	if err := errors.Join(yaml.Unmarshal([]byte(text), &says), yaml.Unmarshal([]byte(smallest), &needed)); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for key, value := range needed {
		if _, there := says[key]; !there {
			says[key] = value
		}
	}
	all, err := yaml.Marshal(says)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// TestSchemaRefuses demands of the schema what Parse refuses by type.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	if err := fits(s, smallest); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an unknown field": "colour: blue\n", "one deep inside": "vms: {sizes: {kubenode: {ram: 9GiB}}}\n", "a word that is none of them": "network: {egress: some}\n",
		"a size without a unit": "vms: {sizes: {kubenode: {memory: '9'}}}\n", "a text for a list": "domains: red.example.com\n", "a domain without its name": "domains: [{title: Red}]\n",
		"a mode that is none": "calling: maybe\n", "no address": "network: {public_address: here}\n", "a time without a unit": "vms: {ready: '10'}\n", "another format": "apiVersion: wiabctl/v0\n",
	} {
		if err := fits(s, smallest+text); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
		if _, err := Parse([]byte(smallest + text)); err == nil {
			t.Errorf("%s: wiabctl takes it", name)
		}
	}
}
