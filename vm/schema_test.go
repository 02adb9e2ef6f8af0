package vm

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// cloudInitSchema is one of cloud-init's own (testdata/cloud-init/README.md).
func cloudInitSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "cloud-init", name))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// document is a YAML text as a JSON schema sees it.
func document(t *testing.T, text []byte) any {
	t.Helper()
	var read any
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	again, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestSeedIsValidForCloudInit(t *testing.T) {
	users, networks := cloudInitSchema(t, "schema-cloud-config-v1.json"), cloudInitSchema(t, "schema-network-config-v2.json")
	all := usual()
	all.Guest = everythingSaid()
	for name, spec := range map[string]*Spec{"defaults": usual(), "every option": all} {
		t.Run(name, func(t *testing.T) {
			if err := spec.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, m := range spec.Machines("wire", subnet) {
				given, _ := keys(m.Name)
				seed, err := m.Seed(given)
				if err != nil {
					t.Fatal(err)
				}
				if err := users.Validate(document(t, seed.UserData)); err != nil {
					t.Errorf("user-data of %s: %v\n%s", m.Name, err, seed.UserData)
				}
				if err := networks.Validate(document(t, seed.NetworkConfig)); err != nil {
					t.Errorf("network-config of %s: %v\n%s", m.Name, err, seed.NetworkConfig)
				}
			}
		})
	}
}

// What upstream's script writes is refused: so the schemas do refuse.
func TestSchemasRefuse(t *testing.T) {
	users, networks := cloudInitSchema(t, "schema-cloud-config-v1.json"), cloudInitSchema(t, "schema-network-config-v2.json")
	if err := users.Validate(document(t, []byte("hostname: a\nnetwork: {version: 2}\n"))); err == nil {
		t.Error("a network block in user-data is accepted")
	}
	if err := networks.Validate(document(t, []byte("version: 2\nethernets: {enp1s0: {match: {mac: '52:54:00:00:00:01'}}}\n"))); err == nil {
		t.Error("mac instead of macaddress is accepted")
	}
}
