package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// testAPI is an API whose paths answer with the given JSON and everything else
// with 404, as a cluster without the kind does.
func testAPI(t *testing.T, answers map[string]any) *API {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path+"?"+r.URL.Query().Get("labelSelector")]
		if !ok {
			answer, ok = answers[r.URL.Path]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		if text, ok := answer.(string); ok { // a log, not JSON
			_, _ = io.WriteString(w, text)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	admin := testAdmin(t)
	writeProgram(t, admin.Dir+"/bin/sudo", `exec "$@"`)
	t.Setenv("PATH", admin.Dir+"/bin:/usr/bin:/bin")
	installKubeconfig(t, admin, server)
	return &API{Admin: admin}
}

// installKubeconfig leaves what leads to a server, as the script does.
func installKubeconfig(t *testing.T, admin *Admin, server *httptest.Server) {
	t.Helper()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	content := fmt.Sprintf("clusters: [{cluster: {server: %q, certificate-authority-data: %s}}]\nusers: [{user: {token: t}}]\n",
		server.URL, base64.StdEncoding.EncodeToString(ca))
	if err := admin.Write(t.Context(), adminConf, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// stored is a release as Helm 3 stores it.
func stored(t *testing.T, name, version, status string, values map[string]any) map[string]any {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if err := json.NewEncoder(z).Encode(map[string]any{"name": name, "config": values, "manifest": "---\nkind: Deployment\nmetadata: {name: " + name + "}\n"}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	return map[string]any{
		"metadata": map[string]any{"name": "sh.helm.release.v1." + name + ".v" + version, "labels": map[string]string{"name": name, "version": version, "status": status}},
		"data":     map[string]any{"release": []byte(text)},
	}
}

func TestReleases(t *testing.T) {
	api := testAPI(t, map[string]any{"/api/v1/secrets": map[string]any{"items": []any{
		stored(t, "webapp", "10", "failed", map[string]any{"a": "new"}),
		stored(t, "webapp", "9", "deployed", map[string]any{"a": "old"}),
		stored(t, "smtp", "1", "deployed", nil),
	}}})
	got, err := api.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["webapp"].Revision != 10 || got["webapp"].Status != "failed" || got["webapp"].Values["a"] != "new" {
		t.Errorf("got %+v: the newest revision counts, by number", got)
	}
}

func TestDomainsPlan(t *testing.T) {
	deployed := []any{
		stored(t, "wire-server", "3", "deployed", map[string]any{"domains": "green"}),
		stored(t, "extra-red", "1", "deployed", map[string]any{"domain": "red"}),
		stored(t, "extra-old", "1", "deployed", map[string]any{"goes": "its domain is no longer configured"}),
		stored(t, "extra-pink", "1", "failed", map[string]any{"goes": "it is grey's"}),
		stored(t, "extra-grey", "4", "deployed", map[string]any{"goes": "it is pink's", "domain": "grey"}),
		stored(t, "somebody-elses", "1", "deployed", nil),
		stored(t, "extra-stuck", "2", "pending-upgrade", nil),
	}
	var labelled []any
	for _, s := range [][2]string{{"extra-gone-tls", "extra-gone"}, {"extra-gone-account", "extra-gone"}, {"extra-red-tls", "extra-red"}} {
		labelled = append(labelled, map[string]any{"metadata": map[string]any{"name": s[0], "labels": map[string]string{ofRelease: s[1]}}})
	}
	api := testAPI(t, map[string]any{"/api/v1/secrets": map[string]any{"items": deployed}, "/api/v1/secrets?" + ofRelease: map[string]any{"items": labelled}})
	stage := Domains{Rollout: Rollout{API: api},
		Want: func(context.Context) ([]Release, error) {
			return []Release{
				{Name: "wire-server", Values: map[string]any{"domains": "green red"}},
				{Name: "sftd", Values: map[string]any{"x": "y"}},
				{Name: "extra-red", Own: map[string]any{}, Values: map[string]any{"domain": "red"}},
				{Name: "extra-grey", Own: map[string]any{}, Values: map[string]any{"domain": "grey"}},
				{Name: "extra-pink", Own: map[string]any{}},
				{Name: "extra-stuck", Own: map[string]any{}},
				{Name: "extra-blue", Own: map[string]any{}, Secret: map[string]any{"key": "PRIVATE"}},
			}, nil
		},
		Missing: func(live, want map[string]any) []string {
			var missing []string
			for key, value := range want {
				if live[key] != value {
					missing = append(missing, key)
				}
			}
			return missing
		},
		Diff: func(live, want map[string]any) ([]string, error) {
			return []string{fmt.Sprintf("~ domains: %v -> %v", live["domains"], want["domains"])}, nil
		},
		Unwanted: func(d Deployed) string {
			why, _ := d.Values["goes"].(string)
			return why
		},
	}
	changes, err := stage.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"update release wire-server: its values differ at domains",
		"delete release extra-grey: it is pink's",
		"delete release extra-old: its domain is no longer configured",
		"delete release extra-pink: it is grey's",
		"delete secrets of release extra-gone: it is uninstalled, and left extra-gone-tls, extra-gone-account",
		"create release extra-grey: it is not deployed",
		"create release extra-pink: it is not deployed",
		"update release extra-stuck: its last deployment is pending-upgrade",
		"create release extra-blue: it is not deployed",
	}
	if len(changes) != len(want) {
		t.Fatalf("changes: %v", changes)
	}
	for i, c := range changes {
		if c.String() != want[i] {
			t.Errorf("change %d is %q, want %q", i, c, want[i])
		}
		if own := i > 4; c.Concurrent != own || own && c.AtMost != together {
			t.Errorf("change %d, %s, may run beside its neighbours: %v, at most %d", i, c, c.Concurrent, c.AtMost)
		}
	}
	if diff := changes[0].Diff; len(diff) != 1 || !strings.HasPrefix(diff[0], "~ domains: ") || !strings.HasSuffix(diff[0], " -> green red") {
		t.Errorf("wire-server differs in %v", diff)
	}
}
