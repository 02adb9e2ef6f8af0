package controlplane

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"wiabctl/e2e/kube/pki"
)

const (
	oneID   = "6a0e6f43-6a54-4f0c-9b3b-0f3a8d4f7a11"
	otherID = "0d5b1a0e-8f1c-4a39-9d2b-5a4d0c1b2e3f"
)

func TestNewIdentity(t *testing.T) {
	cases := map[string]struct{ id, server, keeper, problem string }{
		"good":             {oneID, "192.168.122.1", "192.168.122.21", ""},
		"no id":            {"", "192.168.122.1", "192.168.122.21", "id:"},
		"a path as id":     {"../../etc", "192.168.122.1", "192.168.122.21", "id:"},
		"no server":        {oneID, "", "192.168.122.21", "server:"},
		"a name as server": {oneID, "host", "192.168.122.21", "server:"},
		"IPv6":             {oneID, "fe80::1", "192.168.122.21", "server: fe80::1 is no IPv4"},
		"no keeper":        {oneID, "192.168.122.1", "", "keeper:"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := NewIdentity(tc.id, tc.server, tc.keeper)
			switch {
			case tc.problem == "" && err != nil:
				t.Error(err)
			case tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)):
				t.Errorf("error is %v, want one with %q", err, tc.problem)
			}
		})
	}
}

func TestAdopt(t *testing.T) {
	s := New(t.Context(), t.TempDir())
	one, other := Identity{oneID, "192.168.122.1", "192.168.122.21"}, Identity{otherID, "192.168.122.1", "192.168.122.21"}
	kept := filepath.Join(s.layout.cluster(), "data")
	adopt := func(i Identity) bool {
		t.Helper()
		if err := s.adopt(i); err != nil {
			t.Fatal(err)
		}
		if read, err := readIdentity(s.layout.identity()); err != nil || read != i {
			t.Fatalf("identity is %v (%v), want %v", read, err, i)
		}
		_, err := os.Stat(kept)
		return err == nil
	}
	adopt(one)
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !adopt(one) {
		t.Error("the same identity loses its data")
	}
	if !adopt(Identity{oneID, "192.168.122.9", "192.168.122.21"}) {
		t.Error("another address loses the data")
	}
	if adopt(other) {
		t.Error("another identity finds the data")
	}
}

func TestHandlerBeforeAnyCluster(t *testing.T) {
	h := New(t.Context(), t.TempDir()).Handler()
	cases := map[string]struct {
		method, url string
		status      int
	}{
		"status":        {http.MethodGet, "/cluster", http.StatusOK},
		"no parameters": {http.MethodPost, "/cluster", http.StatusBadRequest},
		"a wrong id":    {http.MethodPost, "/cluster?id=x&server=192.168.122.1&keeper=192.168.122.21", http.StatusBadRequest},
		"elsewhere":     {http.MethodGet, "/", http.StatusNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(tc.method, tc.url, nil))
			if rec.Code != tc.status {
				t.Errorf("status %d, want %d", rec.Code, tc.status)
			}
			if tc.method == http.MethodGet && tc.status == http.StatusOK {
				var s Status
				if err := json.Unmarshal(rec.Body.Bytes(), &s); err != nil || s.Ready || s.ID != "" || s.Reason == "" {
					t.Errorf("status %+v (%v)", s, err)
				}
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	l := layout(t.TempDir())
	first, err := prepareCredentials(l, "192.168.122.1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := prepareCredentials(l, "192.168.122.9")
	if err != nil {
		t.Fatal(err)
	}
	if string(first.admin.Cert) != string(again.admin.Cert) || string(first.authority.Cert) != string(again.authority.Cert) {
		t.Error("a new address makes the old kubeconfig invalid")
	}
	ca, err := pki.ReadAuthority(l.pki("ca.crt"), l.pki("ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	serving, err := pki.ReadAuthority(l.pki("apiserver.crt"), l.pki("apiserver.key"))
	if err == nil {
		t.Errorf("the API server's certificate could sign: %v", serving.Cert.Subject)
	}
	for _, server := range []string{"127.0.0.1", "10.233.0.1", "192.168.122.9"} {
		if !contains(servingTemplate("192.168.122.9").IPAddresses, server) {
			t.Errorf("the API server is not called %s", server)
		}
	}
	text, err := again.kubeconfig("192.168.122.9")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://192.168.122.9:6443" || string(config.CAData) != string(again.authority.Cert) {
		t.Errorf("the kubeconfig leads to %s, signed by %v", config.Host, ca.Cert.Subject)
	}
}

func contains[T interface{ String() string }](all []T, want string) bool {
	for _, one := range all {
		if one.String() == want {
			return true
		}
	}
	return false
}

func TestProgramsReachNobody(t *testing.T) {
	l := layout("/lab")
	if !strings.Contains(egressSelection(l), `"/lab/cluster/nobody.sock"`) {
		t.Errorf("egress leads elsewhere: %s", egressSelection(l))
	}
	for _, p := range programs(l, Identity{oneID, "192.168.122.1", "192.168.122.21"}) {
		if p.name == "kube-apiserver" && !strings.Contains(strings.Join(p.args, " "), "--egress-selector-config-file="+l.egress()) {
			t.Error("the API server may dial out")
		}
		if p.name == "cert-manager" && !slices.Contains(p.env, "HTTP_PROXY=http://192.168.122.21:3128") {
			t.Errorf("cert-manager's self-check does not leave from a node: %v", p.env)
		}
		if p.late == (p.name == "etcd" || p.name == "kube-apiserver") {
			t.Errorf("%s starts at the wrong time", p.name)
		}
		if p.lasting != (p.name == "etcd") {
			t.Errorf("%s runs on, or ends, when the disk is set back", p.name)
		}
	}
}

func TestStages(t *testing.T) {
	for _, name := range []string{"node-initialize", "node-heartbeat-with-lease", "pod-ready", "pod-complete", "pod-delete"} {
		if !strings.Contains(stages(), "name: "+name+"\n") {
			t.Errorf("stage %s is missing", name)
		}
	}
}
