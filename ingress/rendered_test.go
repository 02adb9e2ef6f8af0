package ingress

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// renderedSet is the set that testdata/rendered was made for (provision's TestFixtures).
func renderedSet() Set {
	s := Spec{Domain: "green.example.org", Email: "ops@example.org", Domains: []Domain{
		{Domain: "red.example.com", Title: "Red"},
		{Domain: "blue.example.net", Certificate: Certificate{Cert: "c", Key: "k"}},
		{Domain: "pink.example.org", Certificate: Certificate{Staging: true}, Apps: []App{Webapp, Account}},
		{Domain: "grey.example.net", Certificate: Certificate{Solvers: []Values{{"dns01": Values{}}}}, Apps: []App{Webapp}},
	}}
	s.Defaults()
	return s.Set(false).CallsBy(Calls{SFT: "https://sft.example.org", TURN: []string{"turn:turn.example.org:3478", "turn:turn.example.org:3478?transport=tcp"},
		Secret: "wiabctl-renders-no-secrets"})
}

// servingCalls is the same, with calls of its own and a proxy.
func servingCalls() Set {
	s := renderedSet()
	s.Calls, s.SFT, s.Node, s.Proxies = nil, "sftd.green.example.org", "kubenode3", []netip.Addr{netip.MustParseAddr("198.51.100.20")}
	return s
}

// renderedArtifact is what testdata/rendered was made of.
func renderedArtifact(t testing.TB) Artifact {
	a := anArtifact(t)
	a.Webapp = readTestdata(t, "rendered/webapp.values.yaml")
	a.AccountDefaults = []byte(dynamicHostname)
	return a
}

func readRendered(t testing.TB, release string) Rendered {
	t.Helper()
	return Rendered{Manifest: readTestdata(t, "rendered/"+release+".yaml")}
}

func TestCheck(t *testing.T) {
	ours := renderedSet()
	for name, tc := range map[string]struct {
		release  string
		from, to string // what is changed in what helm rendered; all of it
		says     string // empty: it is found good
	}{
		"the backend":                     {"wire-server", "", "", ""},
		"the webapp":                      {"webapp", "", "", ""},
		"the account pages":               {"account-pages", "", "", ""},
		"the releases":                    {DomainReleases, "", "", ""},
		"sftd":                            {"sftd", "", "", ""},
		"coturn":                          {"coturn", "", "", ""},
		"the ingress":                     {Controller, "", "", ""},
		"another release":                 {"smtp", "", "", ""},
		"galley loses a domain":           {"wire-server", "nginz-https.red.example.com: https://account", "x: https://account", `galley.config.settings.multiIngress["nginz-https.red.example.com"]: `},
		"galley has no settings":          {"wire-server", "    settings:\n      federationDomain", "    sett:\n      federationDomain", "galley.config.settings.multiIngress"},
		"galley's file is no YAML":        {"wire-server", "galley.yaml: |\n", "galley.yaml: |\n    {\n", "galley.config.settings.multiIngress"},
		"galley has the single one too":   {"wire-server", "    settings:\n      federationDomain", "    settings:\n      conversationCodeURI: https://x/\n      federationDomain", `galley.config.settings.conversationCodeURI: ConfigMap galley, galley.yaml: settings.conversationCodeURI is "https://x/", not absent`},
		"cargohold has the single one":    {"wire-server", "      s3Bucket: assets\n", "      s3Bucket: assets\n      s3DownloadEndpoint: https://x\n", "cargohold.config.aws.s3DownloadEndpoint"},
		"cargohold has CloudFront":        {"wire-server", "      s3Bucket: assets\n", "      s3Bucket: assets\n      cloudFront: {domain: x}\n", "cargohold.config.aws.cloudFront"},
		"cargohold points elsewhere":      {"wire-server", "https://assets.blue.example.net", "https://assets.example.net", `is "https://assets.example.net", not "https://assets.blue.example.net"`},
		"spar has no contacts":            {"wire-server", "        contacts: ", "        people: ", "spar.config.domainConfigs"},
		"spar has another SCIM":           {"wire-server", "scimBaseUri: https://nginz-https.green", "scimBaseUri: https://nginz-https.red", "spar.config.scimBaseUri"},
		"an origin is longer":             {"wire-server", `"https://teams.red.example.com"`, `"https://teams.red.example.com.au"`, "https://teams.red.example.com are not allowed"},
		"an origin of an app not served":  {"wire-server", `"https://teams.pink.example.org" "$http_origin"`, "", ""},
		"no page for a deep link":         {"wire-server", "nginz-https.red.example.com-deeplink.html: |", "x.html: |", "nginz-https.red.example.com-deeplink.html is absent"},
		"another title":                   {"wire-server", `"title":"Red"`, `"title":"Green"`, `multi_ingress_deeplink["red.example.com"].title`},
		"an endpoint elsewhere":           {"wire-server", `"teamsURL":"https://teams.red.example.com"`, `"teamsURL":"https://teams.green.example.org"`, "endpoints.teamsURL"},
		"no deep link of the default":     {"wire-server", "nginz-https.green.example.org-deeplink.json", "x.json", "nginz.nginx_conf.deeplink"},
		"another conference server":       {"wire-server", "setSftStaticUrl: https://sft.example.org", "setSftStaticUrl: https://sftd.green.example.org", "brig.config.optSettings.setSftStaticUrl"},
		"a TURN server is lost":           {"wire-server", `turn:turn.example.org:3478\n`, "", "brig.turnStatic.v2"},
		"the webapp's variable is lost":   {"webapp", "name: URL_TEAMS_BASE", "name: X", "envVars.URL_TEAMS_BASE"},
		"an own variable is lost":         {"webapp", "name: APP_NAME", "name: X", "envVars.APP_NAME"},
		"a foreign one names us":          {"webapp", `value: "Webapp"`, `value: "Webapp of green.example.org"`, "names the default domain on every domain"},
		"it is not a Deployment":          {"webapp", "kind: Deployment", "kind: StatefulSet", "envVars.CSP_EXTRA_CONNECT_SRC: Deployment webapp, variable CSP_EXTRA_CONNECT_SRC is \"\""},
		"no account pages":                {"account-pages", "nginz-https.[[hostname]]", "nginz-https.green.example.org", "config.externalUrls.backendRest"},
		"no origins of sftd":              {"sftd", "cors-allow-origin", "cors-allow-nothing", "allowOrigin: Ingress sftd"},
		"sftd on another node":            {"sftd", "kubenode3", "kubenode1", "nodeSelector: no pods are bound to the node kubenode3"},
		"coturn on any node":              {"coturn", "nodeSelector", "nodes", "nodeSelector: no pods are bound to the node kubenode3"},
		"an ingress that believes nobody": {Controller, `"true"`, `"false"`, "ingress-nginx.controller.config.use-forwarded-headers: no ConfigMap says use-forwarded-headers: true"},
		"an ingress that believes others": {Controller, "198.51.100.20/32", "0.0.0.0/0", "config.proxy-real-ip-cidr: no ConfigMap says proxy-real-ip-cidr: 198.51.100.20/32"},
		"a release of another name":       {DomainReleases, "name: minio-ingress-blue", "name: minio-ingress-bleu", "Ingress minio-ingress-blue is absent"},
		"a host too few":                  {DomainReleases, "- host: teams.red.example.com", "- host: webapp.red.example.com", "config.dns of nginx-ingress-services-red"},
		"an app that is not meant":        {DomainReleases, "- host: account.pink.example.org", "- host: teams.pink.example.org", "config.dns of nginx-ingress-services-pink"},
		"a Service":                       {DomainReleases, "apiVersion: v1\nkind: Secret", "apiVersion: v1\nkind: Service\nmetadata: {name: webapp-http}\n---\napiVersion: v1\nkind: Secret", "config.isAdditionalIngress: Service webapp-http would be made a second time"},
		"no issuer":                       {DomainReleases, "kind: ClusterIssuer\nmetadata:\n  name: letsencrypt-http01-red", "kind: ClusterIssuer\nmetadata:\n  name: x", "tls.issuer of nginx-ingress-services-red: ClusterIssuer letsencrypt-http01-red, which issues Certificate red-example-com-csr, is absent"},
		"a certificate for fewer":         {DomainReleases, `dnsNames: ["nginz-https.red.example.com","nginz-ssl.red.example.com",`, `dnsNames: ["nginz-https.red.example.com",`, "Certificate red-example-com-csr: dnsNames lacks nginz-ssl.red.example.com"},
		"a certificate elsewhere":         {DomainReleases, "secretName: domains-nginx-multi-ingress-red-managed-tls-certificate\n  dnsNames", "secretName: x\n  dnsNames", "nameOverride of nginx-ingress-services-red"},
		"a certificate of another name":   {DomainReleases, "name: red-example-com-csr", "name: x-csr", "Certificate red-example-com-csr is absent"},
		"no certificate of one's own":     {DomainReleases, "  tls.crt: ", "  crt: ", "secrets.tlsWildcardCert of nginx-ingress-services-blue"},
		"a server that nobody trusts":     {DomainReleases, "https://acme-v02", "https://acme-staging-v02", "certManager.inTestMode of nginx-ingress-services-red"},
		"a server that somebody trusts":   {DomainReleases, "https://acme-staging-v02", "https://acme-v02", "certManager.inTestMode of nginx-ingress-services-pink"},
		"other solvers":                   {DomainReleases, `solvers: [{"dns01"`, `solvers: [{"http01":{}},{"dns01"`, "certManager.customSolvers of nginx-ingress-services-grey"},
		"an object twice":                 {DomainReleases, "name: red-example-com-csr", "name: grey-example-net-csr", "there are two objects Certificate grey-example-net-csr"},
		"no YAML":                         {DomainReleases, "apiVersion: v1\nkind: Secret", "apiVersion: v1\nkind: Secret: {", "read what helm rendered"},
	} {
		t.Run(name, func(t *testing.T) {
			set, r := ours, Rendered{Manifest: []byte("kind: X\n")}
			if slices.Contains([]string{"sftd", "coturn", Controller}, tc.release) {
				set = servingCalls()
			}
			if tc.release != "smtp" {
				r = readRendered(t, tc.release)
			}
			changed := strings.ReplaceAll(string(r.Manifest), tc.from, tc.to)
			if tc.from != "" && changed == string(r.Manifest) {
				t.Fatalf("there is no %q in what helm rendered", tc.from)
			}
			if tc.from != "" {
				r.Manifest = []byte(changed)
			}
			err := Check(set, renderedArtifact(t), nil, tc.release, r)
			switch {
			case tc.says == "" && err != nil:
				t.Error(err)
			case tc.says != "" && (!errors.Is(err, LayerDropped.Failf("")) || !strings.Contains(err.Error(), tc.says)):
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
}

func TestCheckTellsOfTheSecretAlone(t *testing.T) {
	set := renderedSet()
	set = set.CallsBy(Calls{SFT: set.Calls.SFT, TURN: set.Calls.TURN, Secret: "another secret"})
	err := Check(set, renderedArtifact(t), nil, "wire-server", readRendered(t, "wire-server"))
	if err == nil || !strings.Contains(err.Error(), "brig.secrets.turn.secret: Secret brig does not hold it") || strings.Contains(err.Error(), "another secret") {
		t.Errorf("got %v", err)
	}
}

func TestCheckOfPolicies(t *testing.T) {
	set := renderedSet()
	r := readRendered(t, DomainReleases)
	set.Extra[0].CSP = ByIngress
	err := Check(set, renderedArtifact(t), nil, DomainReleases, r)
	if err == nil || !strings.Contains(err.Error(), "config.renderCSPInIngress of nginx-ingress-services-red: Ingress nginx-ingress-red, a content security policy in annotation "+snippet+" is false, not true") {
		t.Errorf("a policy that is not sent: %v", err)
	}
	r.Manifest = []byte(strings.Replace(string(r.Manifest), "  name: nginx-ingress-red\n", "  name: nginx-ingress-red\n  annotations:\n    "+snippet+": 'more_set_headers \"Content-Security-Policy: x\"'\n", 1))
	if err := Check(set, renderedArtifact(t), nil, DomainReleases, r); err != nil {
		t.Error(err)
	}
}

func TestCheckTellsOfRefusals(t *testing.T) {
	for release, chart := range map[string]string{"webapp": "webapp", DomainReleases: "nginx-ingress-services"} {
		err := Check(renderedSet(), renderedArtifact(t), nil, release, Rendered{Refusal: "Error: execution error at (x): y"})
		if says := "the chart " + chart + " refuses its values: Error: execution error at (x): y"; !errors.Is(err, ChartUnfit.Failf("")) || err.Error() != says {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

// What the user's overlay says on purpose is no dropped value, and neither is a variable of the
// artifact's that it gives another value; all else is, whatever the overlay says beside it.
func TestCheckOfUsersOverlays(t *testing.T) {
	for name, tc := range map[string]struct {
		release, of string // what is rendered, and what the overlay is over
		overlay     string
		from, to    string // what is changed in what helm rendered
		says        string
	}{
		"a conversation link":          {"wire-server", "wire-server", `galley: {config: {settings: {multiIngress: {nginz-https.red.example.com: x}}}} # wiabctl: override`, "nginz-https.red.example.com: https://account", "nginz-https.red.example.com: https://accounts", ""},
		"the mapping above":            {"wire-server", "wire-server", "galley:\n  config:\n    settings:\n      multiIngress: null # wiabctl: override", "nginz-https.red.example.com: https://account", "x: https://account", ""},
		"a part of it":                 {"wire-server", "wire-server", "spar:\n  config:\n    domainConfigs:\n      nginz-https.red.example.com:\n        contacts: [] # wiabctl: override", `"company":"Red"`, `"company":"Rot"`, ""},
		"the same without the word":    {"wire-server", "wire-server", "galley: {config: {settings: {multiIngress: null}}}", "nginz-https.red.example.com: https://account", "x: https://account", "galley.config.settings.multiIngress"},
		"a word that begins alike":     {"wire-server", "wire-server", "galley:\n  config:\n    settings:\n      multi: null # wiabctl: override", "nginz-https.red.example.com: https://account", "x: https://account", "galley.config.settings.multiIngress"},
		"two that exclude each other":  {"wire-server", "wire-server", "cargohold:\n  config:\n    aws:\n      s3DownloadEndpoint: https://x # wiabctl: override", "      s3Bucket: assets\n", "      s3Bucket: assets\n      s3DownloadEndpoint: https://x\n", "cargohold.config.aws.s3DownloadEndpoint"},
		"one in the place of several":  {"wire-server", "wire-server", "cargohold:\n  config:\n    aws:\n      s3DownloadEndpoint: https://x # wiabctl: override\n      multiIngress: null # wiabctl: override", "9000\n      multiIngress:", "9000\n      s3DownloadEndpoint: https://x\n      x:", ""},
		"over another release":         {"wire-server", "webapp", "galley: null # wiabctl: override", "nginz-https.red.example.com: https://account", "x: https://account", "galley.config.settings.multiIngress"},
		"a variable of the artifact's": {"webapp", "webapp", "envVars: {APP_NAME: Chat}", `value: "Webapp"`, `value: "Chat"`, ""},
		"one that names us":            {"webapp", "webapp", "envVars: {APP_NAME: Chat of green.example.org}", `value: "Webapp"`, `value: "Chat of green.example.org"`, "names the default domain on every domain"},
		"one that does so on purpose":  {"webapp", "webapp", "envVars:\n  APP_NAME: Chat of green.example.org # wiabctl: override", `value: "Webapp"`, `value: "Chat of green.example.org"`, ""},
		"a host of a domain":           {DomainReleases, ReleaseName("red"), "config:\n  dns:\n    teamSettings: t.red.example.com # wiabctl: override", "- host: teams.red.example.com", "- host: t.red.example.com", ""},
		"of another domain":            {DomainReleases, ReleaseName("blue"), "config:\n  dns:\n    teamSettings: t.red.example.com # wiabctl: override", "- host: teams.red.example.com", "- host: t.red.example.com", "config.dns of nginx-ingress-services-red"},
	} {
		t.Run(name, func(t *testing.T) {
			overlay, err := ParseOverlay([]byte(tc.overlay))
			if err != nil {
				t.Fatal(err)
			}
			r := readRendered(t, tc.release)
			changed := strings.ReplaceAll(string(r.Manifest), tc.from, tc.to)
			if changed == string(r.Manifest) {
				t.Fatalf("there is no %q in what helm rendered", tc.from)
			}
			err = Check(renderedSet(), renderedArtifact(t), map[string]UserOverlay{tc.of: overlay}, tc.release, Rendered{Manifest: []byte(changed)})
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
}

// One cause drops many values: not all of them are told.
func TestCheckIsBrief(t *testing.T) {
	set, r := Set{Default: "green.example.org", Extra: domains(100)}, readRendered(t, DomainReleases)
	err := Check(set, renderedArtifact(t), nil, DomainReleases, r)
	if err == nil || strings.Count(err.Error(), "\n") != mostProblems+1 || !strings.Contains(err.Error(), " more") {
		t.Errorf("got %v", err)
	}
}

func TestTold(t *testing.T) {
	for want, value := range map[string]any{"absent": nil, `"x"`: "x", "[1,2]": []any{1, 2}, "func()": func() {}} {
		if got := told(value); got != want {
			t.Errorf("%v is told as %s, want %s", value, got, want)
		}
	}
	if got := told(strings.Repeat("é", 200)); len(got) > longestTold+3 || !strings.HasSuffix(got, "...") {
		t.Errorf("a long value is told as %s", got)
	}
}

func FuzzManifest(f *testing.F) {
	for _, release := range []string{"wire-server", "webapp", "sftd", DomainReleases} {
		f.Add(readRendered(f, release).Manifest)
	}
	for _, text := range []string{"", "---\n", "a", "- 1", "kind: 1\nmetadata: x", "data: {a: [1]}\nkind: ConfigMap\nmetadata: {name: nginz}", "? {a: 1}\n: 2"} {
		f.Add([]byte(text))
	}
	set, a := servingCalls(), renderedArtifact(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		var wrong []error
		for _, release := range []string{"wire-server", "webapp", "account-pages", "sftd", "coturn", Controller, DomainReleases} {
			wrong = append(wrong, Check(set, a, nil, release, Rendered{Manifest: text}))
		}
		if errors.Join(wrong...) == nil {
			t.Error("what was not rendered from the layers was found good")
		}
	})
}
