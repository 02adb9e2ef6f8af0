package provision

import (
	"errors"
	"strings"
	"testing"

	"wiabctl/cluster"
	"wiabctl/ingress"
)

// put sets what stands at a path of a layer; mappings on the way are made.
func put(layer map[string]any, value any, path ...string) {
	last := len(path) - 1
	for _, key := range path[:last] {
		below, ok := layer[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			layer[key] = below
		}
		layer = below
	}
	layer[path[last]] = value
}

// take removes what stands at a path of a layer, and returns it.
func take(layer map[string]any, path ...string) any {
	last := len(path) - 1
	for _, key := range path[:last] {
		layer, _ = layer[key].(map[string]any)
	}
	value := layer[path[last]]
	delete(layer, path[last])
	return value
}

const (
	greenAPI = "nginz-https.green.example.org"
	redAPI   = "nginz-https.red.example.com"
)

// TestHowToMistakes puts every value where the published how-to puts it, or where a reader
// of it may: each time the objects that helm renders, or helm itself, give it away.
func TestHowToMistakes(t *testing.T) {
	config, err := Parse([]byte(smallest + "domains:\n  - {domain: red.example.com, title: Red}\n  - {domain: blue.example.net}\n"))
	if err != nil {
		t.Fatal(err)
	}
	set, artifact := Open(config, nil).renderedSet(), sources(t, miniature)
	dropped, unfit := ingress.LayerDropped, ingress.ChartUnfit
	type values = map[string]any
	// Each mistake is rendered alone.
	layer := func(release string, edit func(values)) func(cluster.Rendering) cluster.Rendering {
		return func(r cluster.Rendering) cluster.Rendering {
			edit(r.Layers[release])
			return cluster.Rendering{Domain: r.Domain, Layers: map[string]map[string]any{release: r.Layers[release]}}
		}
	}
	backend := func(edit func(galley, cargohold, nginz, spar values)) func(cluster.Rendering) cluster.Rendering {
		return layer("wire-server", func(v values) {
			part := func(path ...string) values {
				var at any = v
				for _, key := range path {
					at = at.(values)[key]
				}
				return at.(values)
			}
			edit(part("galley", "config", "settings"), part("cargohold", "config", "aws"), part("nginz", "nginx_conf"), part("spar", "config"))
		})
	}
	red := func(edit func(values)) func(cluster.Rendering) cluster.Rendering {
		return func(r cluster.Rendering) cluster.Rendering {
			edit(r.Own[0].Own)
			return cluster.Rendering{Domain: r.Domain, Own: r.Own}
		}
	}
	for name, mistake := range map[string]struct {
		make func(cluster.Rendering) cluster.Rendering
		kind error // what it is told as
		says string
	}{
		// galley
		"the how-to's block of galley": {layer("wire-server", func(v values) {
			take(v, "galley")
			put(v, "https://accounts.green.example.org/conversation-join/", "galley", "config", "settings", "conversationCodeURI")
			put(v, values{"red.example.com": "https://accounts.red.example.com/conversation-join/"}, "galley", "config", "multiIngress")
		}), dropped.Failf(""), `galley.config.settings.multiIngress["nginz-https.green.example.org"]: ConfigMap galley, galley.yaml: settings.multiIngress["nginz-https.green.example.org"] is absent`},
		"galley.config.multiIngress": {layer("wire-server", func(v values) {
			put(v, take(v, "galley", "config", "settings", "multiIngress"), "galley", "config", "multiIngress")
		}), unfit.Failf(""), "Either settings.conversationCodeURI or settings.multiIngress have to be set"},
		"galley.config.multiIngress, with the single address left": {layer("wire-server", func(v values) {
			put(v, take(v, "galley", "config", "settings", "multiIngress"), "galley", "config", "multiIngress")
			put(v, "https://account.green.example.org/conversation-join/", "galley", "config", "settings", "conversationCodeURI")
		}), dropped.Failf(""), "ConfigMap galley, galley.yaml: settings.conversationCodeURI is \"https://account.green.example.org/conversation-join/\", not absent"},
		"galley with both": {backend(func(galley, _, _, _ values) { delete(galley, "conversationCodeURI") }), unfit.Failf(""),
			"settings.conversationCodeURI and settings.multiIngress are mutually exclusive"},
		"galley by the bare domain": {backend(func(galley, _, _, _ values) {
			put(galley, take(galley, "multiIngress", redAPI), "multiIngress", "red.example.com")
		}), dropped.Failf(""), `settings.multiIngress["nginz-https.red.example.com"] is absent`},
		"galley without the default domain": {backend(func(galley, _, _, _ values) { take(galley, "multiIngress", greenAPI) }), dropped.Failf(""),
			`settings.multiIngress["nginz-https.green.example.org"] is absent`},
		"galley's pages at accounts.": {backend(func(galley, _, _, _ values) {
			put(galley, "https://accounts.red.example.com/conversation-join/", "multiIngress", redAPI)
		}), dropped.Failf(""), `is "https://accounts.red.example.com/conversation-join/", not "https://account.red.example.com/conversation-join/"`},

		// cargohold
		"cargohold with both": {backend(func(_, cargohold, _, _ values) { delete(cargohold, "s3DownloadEndpoint") }), dropped.Failf(""),
			`cargohold.config.aws.s3DownloadEndpoint: ConfigMap cargohold, cargohold.yaml: aws.s3DownloadEndpoint is "https://assets.green.example.org", not absent`},
		"cargohold's map as a list": {backend(func(_, cargohold, _, _ values) {
			cargohold["multiIngress"] = []any{values{redAPI: "assets.red.example.com"}, values{greenAPI: "assets.green.example.org"}}
		}), dropped.Failf(""), "cargohold.config.aws.multiIngress"},
		"cargohold without the default domain": {backend(func(_, cargohold, _, _ values) { take(cargohold, "multiIngress", greenAPI) }), dropped.Failf(""),
			`aws.multiIngress["nginz-https.green.example.org"] is absent`},
		"cargohold.config.multiIngress": {layer("wire-server", func(v values) {
			put(v, take(v, "cargohold", "config", "aws", "multiIngress"), "cargohold", "config", "multiIngress")
		}), dropped.Failf(""), `aws.multiIngress["nginz-https.red.example.com"] is absent`},
		"cargohold's address without a scheme": {backend(func(_, cargohold, _, _ values) { put(cargohold, "assets.red.example.com", "multiIngress", redAPI) }), dropped.Failf(""),
			`is "assets.red.example.com", not "https://assets.red.example.com"`},

		// cannon, nginz
		"cannon's list alone": {backend(func(_, _, nginz, _ values) { delete(nginz, "additional_external_env_domains") }), dropped.Failf(""),
			"ConfigMap nginz: requests of pages from https://webapp.red.example.com are not allowed"},
		"nginz's list outside of nginx_conf": {layer("wire-server", func(v values) {
			put(v, take(v, "nginz", "nginx_conf", "additional_external_env_domains"), "nginz", "additional_external_env_domains")
		}), dropped.Failf(""), "pages from https://teams.blue.example.net are not allowed"},
		"the default domain as an additional one": {backend(func(_, _, nginz, _ values) {
			nginz["additional_external_env_domains"] = []any{"green.example.org", "red.example.com", "blue.example.net"}
		}), unfit.Failf(""), "external_env_domain (green.example.org) cannot be part of additional_external_env_domains"},
		"a deep link of a domain that is not listed": {backend(func(_, _, nginz, _ values) {
			nginz["additional_external_env_domains"] = []any{"blue.example.net"}
		}), dropped.Failf(""), `nginz.nginx_conf.multi_ingress_deeplink["red.example.com"]: ConfigMap nginz-deeplink, nginz-https.red.example.com-deeplink.json is absent`},
		"a deep link by the API's host": {backend(func(_, _, nginz, _ values) {
			put(nginz, take(nginz, "multi_ingress_deeplink", "red.example.com"), "multi_ingress_deeplink", redAPI)
		}), dropped.Failf(""), "nginz-https.red.example.com-deeplink.json is absent"},
		"deep links in deeplink": {backend(func(_, _, nginz, _ values) {
			put(nginz, take(nginz, "multi_ingress_deeplink", "red.example.com"), "deeplink", "red.example.com")
		}), dropped.Failf(""), "nginz-https.red.example.com-deeplink.json is absent"},
		"a deep link with a port": {backend(func(_, _, nginz, _ values) {
			put(nginz, "https://nginz-https.red.example.com:443", "multi_ingress_deeplink", "red.example.com", "endpoints", "backendURL")
		}), dropped.Failf(""), "nginz-https.red.example.com-deeplink.json is absent"},
		"a black list at a name that there is not": {backend(func(_, _, nginz, _ values) {
			put(nginz, "https://clientblacklist.red.example.com/prod", "multi_ingress_deeplink", "red.example.com", "endpoints", "blackListURL")
		}), dropped.Failf(""), `endpoints.blackListURL is "https://clientblacklist.red.example.com/prod"`},
		"a deep link with five endpoints": {backend(func(_, _, nginz, _ values) {
			take(nginz, "multi_ingress_deeplink", "red.example.com", "endpoints", "websiteURL")
		}), unfit.Failf(""), "lacks endpoints.websiteURL"},
		"no default domain for the deep link": {backend(func(_, _, nginz, _ values) { nginz["external_env_domain"] = nil }), dropped.Failf(""),
			"nginz.nginx_conf.deeplink: ConfigMap nginz-deeplink, nginz-https.green.example.org-deeplink.json: endpoints.backendURL is absent"},

		// spar
		"spar as the how-to leaves it": {layer("wire-server", func(v values) { delete(v, "spar") }), dropped.Failf(""),
			`spar.config.domainConfigs["nginz-https.red.example.com"]: ConfigMap spar, spar.yaml: saml.spDomainConfigs["nginz-https.red.example.com"] is absent`},
		"spar without the default domain": {backend(func(_, _, _, spar values) { take(spar, "domainConfigs", greenAPI) }), dropped.Failf(""),
			`saml.spDomainConfigs["nginz-https.green.example.org"] is absent`},
		"spar by the bare domain": {backend(func(_, _, _, spar values) {
			put(spar, take(spar, "domainConfigs", redAPI), "domainConfigs", "red.example.com")
		}), dropped.Failf(""), `saml.spDomainConfigs["nginz-https.red.example.com"] is absent`},
		"spar's address of the API for the webapp's": {backend(func(_, _, _, spar values) {
			put(spar, "https://nginz-https.red.example.com", "domainConfigs", redAPI, "appUri")
		}), dropped.Failf(""), `spDomainConfigs["nginz-https.red.example.com"]`},
		"spar without contacts": {backend(func(_, _, _, spar values) { take(spar, "domainConfigs", redAPI, "contacts") }), unfit.Failf(""), "contacts is missing"},
		"spar without any address of SCIM": {backend(func(_, _, _, spar values) {
			delete(spar, "scimBaseUri")
			spar["ssoUri"] = nil
		}), unfit.Failf(""), "Either scimBaseUri or ssoUri must be set"},

		// webapp
		"a webapp that does not follow": {layer("webapp", func(v values) { take(v, "envVars", "ENABLE_DYNAMIC_HOSTNAME") }), dropped.Failf(""),
			"envVars.ENABLE_DYNAMIC_HOSTNAME: Deployment webapp, variable ENABLE_DYNAMIC_HOSTNAME is \"\", not \"true\""},
		"the webapp's addresses among its variables": {layer("webapp", func(v values) {
			put(v, take(v, "config", "externalUrls", "backendRest"), "envVars", "backendRest")
		}), dropped.Failf(""), `config.externalUrls.backendRest: Deployment webapp, variable BACKEND_REST is "https://nginz-https.green.example.org"`},
		"the how-to's file in the place of the webapp's": {layer("webapp", func(v values) { put(v, nil, "envVars", "FEATURE_ENABLE_CHANNELS") }), dropped.Failf(""),
			"envVars.FEATURE_ENABLE_CHANNELS: Deployment webapp, variable FEATURE_ENABLE_CHANNELS is \"\", not the artifact's own \"false\""},
		"a variable that was forgotten": {layer("webapp", func(v values) { take(v, "envVars", "URL_TEAMS_BASE") }), dropped.Failf(""),
			`variable URL_TEAMS_BASE is "https://teams.green.example.org"`},
		"a policy without the conference server": {layer("webapp", func(v values) {
			put(v, "https://*.[[hostname]], wss://*.[[hostname]]", "envVars", "CSP_EXTRA_CONNECT_SRC")
		}), dropped.Failf(""), "variable CSP_EXTRA_CONNECT_SRC is"},

		// sftd
		"one origin for conference calls": {layer("sftd", func(v values) { put(v, "https://webapp.green.example.org", "allowOrigin") }), dropped.Failf(""),
			"allowOrigin: Ingress sftd, annotation nginx.ingress.kubernetes.io/cors-allow-origin lacks https://webapp.red.example.com"},
		"sftd.config.allowOrigin": {layer("sftd", func(v values) { put(v, take(v, "allowOrigin"), "config", "allowOrigin") }), dropped.Failf(""),
			"cors-allow-origin lacks https://webapp.red.example.com"},

		// nginx-ingress-services
		"no name for the ingress": {red(func(v values) { delete(v, "ingressName") }), dropped.Failf(""), "Ingress nginx-ingress-red is absent"},
		"the same name for two":   {red(func(v values) { v["ingressName"] = "blue" }), dropped.Failf(""), "there are two objects Ingress nginx-ingress-blue"},
		"the default domain's Services once more": {red(func(v values) { put(v, false, "config", "isAdditionalIngress") }), dropped.Failf(""),
			"config.isAdditionalIngress: Service "},
		"isAdditionalIngress outside of config": {red(func(v values) { v["isAdditionalIngress"] = take(v, "config", "isAdditionalIngress") }), dropped.Failf(""),
			"config.isAdditionalIngress: Service "},
		"the how-to's policy": {red(func(v values) {
			put(v, true, "config", "renderCSPInIngress")
			take(v, "config", "dns", "base")
		}), unfit.Failf(""), "Need a 'base' domain for CSP headers."},
		"a policy of the ingress": {red(func(v values) { put(v, true, "config", "renderCSPInIngress") }), dropped.Failf(""),
			"config.renderCSPInIngress of nginx-ingress-services-red: Ingress nginx-ingress-red, a content security policy in annotation"},
		"the how-to's certificate": {red(func(v values) { put(v, false, "tls", "useCertManager") }), unfit.Failf(""), "No .secrets found in configuration."},
		"a certificate of one's own that is not meant": {red(func(v values) {
			put(v, false, "tls", "useCertManager")
			v["secrets"] = values{"tlsWildcardCert": "c", "tlsWildcardKey": "k"}
		}), dropped.Failf(""), "tls.useCertManager of nginx-ingress-services-red: Certificate red-example-com-csr is absent"},
		"no address for notices":         {red(func(v values) { take(v, "certManager", "certmasterEmail") }), unfit.Failf(""), "Missing value: certmasterEmail"},
		"no issuer":                      {red(func(v values) { put(v, false, "tls", "createIssuer") }), dropped.Failf(""), "which issues Certificate red-example-com-csr, is absent"},
		"the staging server":             {red(func(v values) { put(v, true, "certManager", "inTestMode") }), dropped.Failf(""), "its server is a staging one is true, not false"},
		"a host of another domain":       {red(func(v values) { put(v, "teams.red.example.org", "config", "dns", "teamSettings") }), dropped.Failf(""), "config.dns of nginx-ingress-services-red"},
		"assets without an ingress":      {red(func(v values) { put(v, false, "fakeS3", "enabled") }), dropped.Failf(""), "Ingress minio-ingress-red is absent"},
		"federation on an extra domain":  {red(func(v values) { put(v, true, "federator", "enabled") }), unfit.Failf(""), "cannot be configured together"},
		"account pages that nobody asks": {red(func(v values) { put(v, false, "accountPages", "enabled") }), dropped.Failf(""), "config.dns of nginx-ingress-services-red"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rendering(set, artifact)
			if err != nil {
				t.Fatal(err)
			}
			err = checkRendered(set, artifact, nil, render(t, miniature, mistake.make(r))).Err()
			if err == nil || !errors.Is(err, mistake.kind) || !strings.Contains(err.Error(), mistake.says) {
				t.Errorf("it was told as\n%v\nwant %q", err, mistake.says)
			}
		})
	}
}

// TestCallMistakes does the same with what the backend has to know of calls.
func TestCallMistakes(t *testing.T) {
	config, err := Parse([]byte(smallest + wireCloud))
	if err != nil {
		t.Fatal(err)
	}
	set, artifact := Open(config, nil).renderedSet(), sources(t, miniature)
	for name, mistake := range map[string]struct {
		make func(brig map[string]any)
		says string
	}{
		"the servers in brig.config": {func(brig map[string]any) { put(brig, take(brig, "turnStatic"), "config", "turnStatic") },
			`brig.turnStatic.v2: ConfigMap turn, turn-servers-v2.txt is "", not "turn:turn.example.org:3478\nturn:`},
		"the conference server outside of optSettings": {func(brig map[string]any) {
			put(brig, take(brig, "config", "optSettings", "setSftStaticUrl"), "config", "setSftStaticUrl")
		}, `optSettings.setSftStaticUrl is "https://sftd.green.example.org:443", not "https://sft.example.org"`},
		"the secret outside of secrets": {func(brig map[string]any) { put(brig, take(brig, "secrets", "turn"), "config", "turn") },
			"brig.secrets.turn.secret: Secret brig does not hold it"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rendering(set, artifact)
			if err != nil {
				t.Fatal(err)
			}
			mistake.make(r.Layers["wire-server"]["brig"].(map[string]any))
			err = checkRendered(set, artifact, nil, render(t, miniature, r)).Err()
			if !errors.Is(err, ingress.LayerDropped.Failf("")) || !strings.Contains(err.Error(), mistake.says) {
				t.Errorf("it was told as\n%v\nwant %q", err, mistake.says)
			}
		})
	}
}
