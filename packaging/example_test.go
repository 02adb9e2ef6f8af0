package packaging

import (
	"os"
	"regexp"
	"testing"

	"wiabctl/provision"
)

// option is a line of the example that stands behind a comment sign: prose has a blank there first.
var option = regexp.MustCompile(`(?m)^#((?:  )*[a-z-])`)

// TestExample: the example is a configuration, as it is and with all of its options.
func TestExample(t *testing.T) {
	content, err := os.ReadFile("wiabctl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provision.Parse(content); err != nil {
		t.Errorf("the example: %v", err)
	}
	all, err := provision.Parse(option.ReplaceAll(content, []byte("$1")))
	if err != nil {
		t.Errorf("the example with all options: %v", err)
	}
	if len(all.Ingress.Domains) != 2 || all.Network.Firewall == nil || all.Artifact.SHA256 == "" {
		t.Errorf("not all options were taken: %+v", all)
	}
}
