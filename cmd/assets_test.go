package cmd

import (
	"bytes"
	"strings"
	"testing"

	"wiabctl/provision"
)

func someAssets() []provision.Asset {
	sum := strings.Repeat("ab", 32)
	return []provision.Asset{
		{Name: "artifact-x.tgz", SHA256: sum, Size: 7, State: provision.AssetHeld, From: "https://a/x.tgz"},
		{Name: "image-y.img", State: provision.AssetAbsent, From: "https://b/y.img"},
		{SHA256: sum, Size: 3, State: provision.AssetHeld},
	}
}

func TestRenderAssets(t *testing.T) {
	var out bytes.Buffer
	if err := renderAssets(&out, someAssets()); err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	want := [][]string{
		{"NAME", "STATE", "BYTES", "SHA256", "FROM"},
		{"artifact-x.tgz", "held", "7", sum, "https://a/x.tgz"},
		{"image-y.img", "absent", "0", "not", "known", "yet", "https://b/y.img"},
		{"?", "held", "3", sum, "nothing", "needs", "it"},
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if i >= len(want) || strings.Join(strings.Fields(line), " ") != strings.Join(want[i], " ") {
			t.Errorf("line %d is %q", i, line)
		}
	}
}

func TestRenderAssetsJSON(t *testing.T) {
	var out bytes.Buffer
	if err := renderAssetsJSON(&out, someAssets()); err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	want := `{"name":"artifact-x.tgz","state":"held","size_bytes":7,"sha256":"` + sum + `","from":"https://a/x.tgz"}
{"name":"image-y.img","state":"absent","size_bytes":0,"from":"https://b/y.img"}
{"name":"","state":"held","size_bytes":3,"sha256":"` + sum + `"}
`
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
