package cmd

import (
	"bytes"
	"testing"

	"wiabctl/provision"
)

func TestRenderSecrets(t *testing.T) {
	var out bytes.Buffer
	err := renderSecrets(&out,
		provision.SecretFinding{Check: "TURN secret", Places: []string{"a.yaml: brig.turn", "b.yaml: turn"}},
		provision.SecretFinding{Check: "zauth key pairs", Places: []string{"a.yaml: brig.zAuth"}, Problem: "they differ"})
	if err != nil {
		t.Fatal(err)
	}
	want := `SECRET           RESULT                WHERE
TURN secret      ok                    a.yaml: brig.turn, b.yaml: turn
zauth key pairs  problem: they differ  a.yaml: brig.zAuth
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
