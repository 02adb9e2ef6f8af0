package ingress

import (
	"bytes"
	"errors"

	"gopkg.in/yaml.v3"
)

// All of this package's YAML goes through here.

type node = yaml.Node

const (
	mappingNode  = yaml.MappingNode
	sequenceNode = yaml.SequenceNode
	scalarNode   = yaml.ScalarNode
	aliasNode    = yaml.AliasNode
	flowStyle    = yaml.FlowStyle
)

func unmarshal(text []byte, into any) error { return yaml.Unmarshal(text, into) }

// decoder reads one document after the other.
func decoder(text []byte) *yaml.Decoder { return yaml.NewDecoder(bytes.NewReader(text)) }

// marshal writes YAML with sorted keys, indented by two.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := errors.Join(encoder.Encode(value), encoder.Close())
	return out.Bytes(), err
}
