package ingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaces(t *testing.T) {
	set := threeDomains()
	layers := Values{"wire-server": WireServerOverlay(set.Set(true), anArtifact(t)), "sftd": SftdOverlay(set.Set(true)),
		"more": Values{"list": []any{"x", Values{"a": "https://red.example.com/"}, "notred.example.com", "red.example.com.au"}, "number": 3}}
	want := []string{
		"more.list[1].a", "sftd.allowOrigin",
		"wire-server.cannon.nginx_conf.additional_external_env_domains[0]",
		`wire-server.cargohold.config.aws.multiIngress["nginz-https.red.example.com"]`,
		`wire-server.galley.config.settings.multiIngress["nginz-https.red.example.com"]`,
		"wire-server.nginz.nginx_conf.additional_external_env_domains[0]",
		`wire-server.nginz.nginx_conf.multi_ingress_deeplink["red.example.com"]`,
		`wire-server.spar.config.domainConfigs["nginz-https.red.example.com"]`,
	}
	if diff := cmp.Diff(want, Places(layers, "red.example.com")); diff != "" {
		t.Error(diff)
	}
}
