package provision

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// Calling says where calls are served; in YAML the mode may stand alone.
type Calling struct {
	// Mode is "self-hosted" (coturn and sftd in the cluster, the default) or "none".
	Mode string `yaml:"mode"`
	// Node is the kubenode that coturn and sftd run on, and that the firewall sends calls
	// to; default kubenode3, which helm-operations.sh takes where nobody steers it.
	Node string `yaml:"node"`
}

// The modes of calling.
const (
	CallingSelfHosted = "self-hosted"
	CallingNone       = "none"
)

// callingNodes are the VMs that calls can be served on.
func callingNodes() []string { return []string{"kubenode1", "kubenode2", "kubenode3"} }

// UnmarshalYAML takes a mode, or a mapping.
func (c *Calling) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&c.Mode)
	}
	// A node's Decode does not know that unknown fields are to be refused.
	if node.Kind == yaml.MappingNode {
		for i := 0; i < len(node.Content); i += 2 {
			if key := node.Content[i]; key.Value != "mode" && key.Value != "node" {
				return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: field %s not found in type Calling", key.Line, key.Value)}}
			}
		}
	}
	type fields Calling
	return node.Decode((*fields)(c))
}

func (c *Calling) defaults() {
	c.Mode = cmp.Or(c.Mode, CallingSelfHosted)
	c.Node = cmp.Or(c.Node, "kubenode3")
}

func (c *Calling) validate() error {
	var errs []error
	if c.Mode != CallingSelfHosted && c.Mode != CallingNone {
		errs = append(errs, change.Invalidf("mode", "%q is neither %s nor %s", c.Mode, CallingSelfHosted, CallingNone))
	}
	if !slices.Contains(callingNodes(), c.Node) {
		errs = append(errs, change.Invalidf("node", "%q is none of %s", c.Node, strings.Join(callingNodes(), ", ")))
	}
	return errors.Join(errs...)
}

// selfHosted says whether calls are served here.
func (c *Calling) selfHosted() bool { return c.Mode == CallingSelfHosted }

// overlay adds to sftd's and coturn's values what the script gives on its command line, so
// that a later upgrade without the script keeps it.
func (c *Calling) overlay(values ingress.Values) ingress.Values {
	if values == nil {
		values = ingress.Values{}
	}
	values["nodeSelector"] = ingress.Values{"kubernetes.io/hostname": c.Node}
	return values
}
