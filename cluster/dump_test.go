package cluster

import (
	"slices"
	"strings"
	"testing"
)

// Of an object all is kept but who wrote which field, and kubectl's copy of it.
func TestDump(t *testing.T) {
	api := testAPI(t, map[string]any{"/api/v1/pods": map[string]any{"items": []any{map[string]any{
		"metadata": map[string]any{"name": "brig-1", "managedFields": []any{"x"},
			"annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "kept"}},
		"status": map[string]any{"phase": "Running"},
	}, map[string]any{"kind": "of another shape"}}}})
	text, err := api.Dump(t.Context(), "/api/v1/pods")
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]bool{`"name": "brig-1"`: true, `"note": "kept"`: true, `"phase": "Running"`: true, `"of another shape"`: true,
		"managedFields": false, "last-applied": false} {
		if strings.Contains(string(text), part) != want {
			t.Errorf("%s: want %t in\n%s", part, want, text)
		}
	}
	if _, err := api.Dump(t.Context(), "/api/v1/nodes"); err == nil {
		t.Error("a list that there is not has been dumped")
	}
}

// Values of one key in several Secrets are all known.
func TestSecretValues(t *testing.T) {
	secret := func(data map[string][]byte) map[string]any { return map[string]any{"data": data} }
	api := testAPI(t, map[string]any{"/api/v1/secrets": map[string]any{"items": []any{
		secret(map[string][]byte{"password": []byte("one"), "user": []byte("wire")}), secret(map[string][]byte{"password": []byte("two")}), secret(nil)}}})
	all, err := api.SecretValues(t.Context())
	if err != nil || len(all) != 2 || !slices.Equal(all["password"], []string{"one", "two"}) || !slices.Equal(all["user"], []string{"wire"}) {
		t.Errorf("%q, %v", all, err)
	}
}
