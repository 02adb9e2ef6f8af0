package provision

import _ "embed" // for the schema

//go:embed config.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of the configuration file. It is made from Config,
// its comments and its defaults (`go test ./provision -run TestSchema -update`).
func Schema() []byte { return schema }
