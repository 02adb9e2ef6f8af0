package main

import (
	"encoding/base64"
	"fmt"

	"gopkg.in/yaml.v3"
)

// binary is bytes that YAML holds as base64, as kubeconfigs do.
type binary []byte

// UnmarshalYAML decodes the base64.
func (b *binary) UnmarshalYAML(node *yaml.Node) error {
	raw, err := base64.StdEncoding.DecodeString(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*b = raw
	return nil
}
