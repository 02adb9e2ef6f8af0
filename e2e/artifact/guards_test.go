package artifact

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// render calls helm template for a release with files below this directory as
// values, and returns what it prints.
func render(t *testing.T, release, chart string, values []string, set ...string) (string, error) {
	t.Helper()
	kubebox := os.Getenv("WIABCTL_KUBEBOX")
	if kubebox == "" {
		t.Skip("WIABCTL_KUBEBOX names no kubebox with helm beside it")
	}
	args := []string{"template", release, filepath.Join("files", "charts", chart)}
	for _, v := range values {
		args = append(args, "--values", v)
	}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	cmd := exec.CommandContext(t.Context(), helmBeside(kubebox), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", errors.New(stderr.String())
	}
	return string(out), nil
}

// values are a chart's example values and whatever else is given.
func values(chart string, more ...string) []string {
	return append([]string{filepath.Join("files", "values", chart, "prod-values.example.yaml")}, more...)
}

// resources are "Kind/name" of everything rendered, sorted.
func resources(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	for _, r := range decode(t, text) {
		all = append(all, r.Kind+"/"+r.Metadata.Name)
	}
	slices.Sort(all)
	return all
}

type resource struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
}

func decode(t *testing.T, text string) []resource {
	t.Helper()
	var all []resource
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var r resource
		err := documents.Decode(&r)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
}

var (
	backend      = values("wire-server", "testdata/secrets.yaml")
	backendMulti = values("wire-server", "testdata/secrets.yaml", "testdata/multi.yaml")
	ingress      = values("nginx-ingress-services")
	ingressRed   = values("nginx-ingress-services", "testdata/red.yaml")
)

// TestGuards checks that the charts refuse what Wire's refuse.
func TestGuards(t *testing.T) {
	cases := map[string]struct {
		chart  string
		values []string
		set    []string
		want   string // in the error; none: it renders
	}{
		"one domain":   {"wire-server", backend, nil, ""},
		"more domains": {"wire-server", backendMulti, nil, ""},
		"galley with both": {"wire-server", backendMulti, []string{"galley.config.settings.conversationCodeURI=https://x/"},
			"settings.conversationCodeURI and settings.multiIngress are mutually exclusive"},
		"galley with neither": {"wire-server", backend, []string{"galley.config.settings.conversationCodeURI=null"},
			"Either settings.conversationCodeURI or settings.multiIngress have to be set"},
		"galley's map in the how-to's place": {"wire-server", backend,
			[]string{"galley.config.settings.conversationCodeURI=null", "galley.config.multiIngress.x=y"},
			"Either settings.conversationCodeURI or settings.multiIngress have to be set"},
		"cargohold with both renders": {"wire-server", backendMulti, []string{"cargohold.config.aws.s3DownloadEndpoint=https://x"}, ""},
		"default domain as additional": {"wire-server", backendMulti, []string{"nginz.nginx_conf.additional_external_env_domains={example.com}"},
			"Error: external_env_domain (example.com) cannot be part of additional_external_env_domains list."},
		"deeplink with five endpoints": {"wire-server", backendMulti,
			[]string{`nginz.nginx_conf.multi_ingress_deeplink.red\.example\.org.endpoints.websiteURL=null`}, "lacks endpoints.websiteURL"},
		"spar without any SCIM address": {"wire-server", backendMulti, []string{"spar.config.scimBaseUri=null", "spar.config.ssoUri=null"},
			"Either scimBaseUri or ssoUri must be set"},
		"spar derives the SCIM address": {"wire-server", backendMulti, []string{"spar.config.scimBaseUri=null"}, ""},
		"spar's domain without contacts": {"wire-server", backendMulti, []string{`spar.config.domainConfigs.nginz-https\.red\.example\.org.contacts=null`},
			"contacts is missing"},
		"no secrets": {"wire-server", values("wire-server"), nil, "pass secrets.yaml"},

		"additional ingress": {"nginx-ingress-services", ingressRed, nil, ""},
		"CSP without base":   {"nginx-ingress-services", ingressRed, []string{"config.dns.base=null"}, "Need a 'base' domain for CSP headers."},
		"CSP without nginx":  {"nginx-ingress-services", ingressRed, []string{"config.ingressClass=traefik"}, "'nginx' controller"},
		"no e-mail":          {"nginx-ingress-services", ingressRed, []string{"certManager.certmasterEmail=null"}, "Missing value: certmasterEmail"},
		"own certificate without secrets": {"nginx-ingress-services", ingress, nil,
			"No .secrets found in configuration. Did you forget to helm <command> -f path/to/secrets.yaml ?"},
		"own certificate": {"nginx-ingress-services", ingress, []string{"secrets.tlsWildcardCert=x", "secrets.tlsWildcardKey=y"}, ""},
		"federator with an additional ingress": {"nginx-ingress-services", ingressRed, []string{"federator.enabled=true"},
			"cannot be configured together"},
		"odd issuer": {"nginx-ingress-services", ingressRed, []string{"tls.issuer.kind=Isuer"}, "can only be one of Issuer or ClusterIssuer"},

		"sftd":                               {"sftd", values("sftd"), nil, ""},
		"sftd with two kinds of certificate": {"sftd", values("sftd"), []string{"tls.crt=x", "tls.key=y"}, "exclude each other"},
		"database without addresses":         {"cassandra-external", values("cassandra-external"), nil, "IPs are missing"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, c.chart, c.chart, c.values, c.set...)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestNames checks the resources of the default and an additional release.
func TestNames(t *testing.T) {
	cases := map[string]struct {
		release string
		values  []string
		want    []string
	}{
		"additional": {"nginx-ingress-services-red", ingressRed, []string{
			"Certificate/red-example-org-csr", "ClusterIssuer/letsencrypt-http01-red", "Ingress/minio-ingress-red", "Ingress/nginx-ingress-red",
		}},
		"default": {"nginx-ingress-services", values("nginx-ingress-services", "files/values/nginx-ingress-services/prod-secrets.example.yaml"), []string{
			"Ingress/minio-ingress", "Ingress/nginx-ingress",
			"Secret/nginx-ingress-services-nginx-ingress-services-wildcard-tls-certificate",
			"Service/account-pages-http", "Service/s3-http", "Service/team-settings-http", "Service/webapp-http",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			text, err := render(t, c.release, "nginx-ingress-services", c.values)
			if err != nil {
				t.Fatal(err)
			}
			if got := resources(t, text); !slices.Equal(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
	text, err := render(t, "nginx-ingress-services-red", "nginx-ingress-services", ingressRed)
	if want := "secretName: nginx-ingress-services-red-nginx-multi-ingress-red-managed-tls-certificate"; err != nil || !strings.Contains(text, want) {
		t.Errorf("%v; no %s in:\n%s", err, want, text)
	}
}

// TestDeeplinks checks the ConfigMap's files: one pair for each domain that is
// listed, and none for one that is not.
func TestDeeplinks(t *testing.T) {
	text, err := render(t, "wire-server", "wire-server", backendMulti)
	if err != nil {
		t.Fatal(err)
	}
	all := decode(t, text)
	at := slices.IndexFunc(all, func(r resource) bool { return r.Kind == "ConfigMap" && r.Metadata.Name == "nginz-deeplink" })
	if at < 0 {
		t.Fatal("no ConfigMap nginz-deeplink")
	}
	files := all[at].Data
	if len(files) != 4 {
		t.Errorf("the ConfigMap has %d files, want 4", len(files))
	}
	if got := files["nginz-https.red.example.org-deeplink.json"]; !strings.Contains(got, `"accountsURL":"https://account.red.example.org"`) || !strings.Contains(got, `"title":"Red"`) {
		t.Errorf("red's deeplink is %s", got)
	}
	if got := files["nginz-https.example.com-deeplink.html"]; !strings.Contains(got, "nginz-https.example.com/deeplink.json") {
		t.Errorf("the default domain's page is %s", got)
	}
}

// TestWebappKeepsPlaceholders: what the web client fills in at run time passes
// through the chart.
func TestWebappKeepsPlaceholders(t *testing.T) {
	text, err := render(t, "webapp", "webapp", values("webapp"), "envVars.URL_TEAMS_BASE=https://teams.[[hostname]]", "config.externalUrls.backendRest=nginz-https.[[hostname]]")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{name: URL_TEAMS_BASE, value: "https://teams.[[hostname]]"}`, `{name: BACKEND_REST, value: "https://nginz-https.[[hostname]]"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
}
