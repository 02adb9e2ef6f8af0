package ingress

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// checkBackend looks for every domain, and for calls, in the services' configuration.
func (s Set) checkBackend(e *evidence) {
	if s.Calls != nil {
		s.Calls.check(e)
	}
	if len(s.Extra) == 0 {
		return
	}
	galley, _ := e.objects.config("galley")["settings"].(Values)
	s.checkMap(e, "galley.config.settings.multiIngress", "ConfigMap galley, galley.yaml: settings.multiIngress", galley["multiIngress"], invitation)
	e.single("galley.config.settings.conversationCodeURI", "ConfigMap galley, galley.yaml: settings.conversationCodeURI", galley["conversationCodeURI"], galley["multiIngress"])

	aws, _ := e.objects.config("cargohold")["aws"].(Values)
	s.checkMap(e, "cargohold.config.aws.multiIngress", "ConfigMap cargohold, cargohold.yaml: aws.multiIngress", aws["multiIngress"], download)
	for _, address := range []string{"s3DownloadEndpoint", "cloudFront"} {
		e.single("cargohold.config.aws."+address, "ConfigMap cargohold, cargohold.yaml: aws."+address, aws[address], aws["multiIngress"])
	}

	spar := e.objects.config("spar")
	s.checkMap(e, "spar.config.domainConfigs", "ConfigMap spar, spar.yaml: saml.spDomainConfigs", at(spar, "saml", "spDomainConfigs"), renamed(s.signOn()))
	e.want("spar.config.scimBaseUri", "ConfigMap spar, spar.yaml: scimBaseUri", spar["scimBaseUri"], s.scim())

	s.checkOrigins(e)
	s.checkDeeplinks(e)
}

// checkMap wants an entry for each domain under the host of its API requests.
func (s Set) checkMap(e *evidence, value, place string, have any, entry func(domain string) any) {
	for _, d := range s.all() {
		key := fmt.Sprintf("[%q]", api(d))
		e.want(value+key, place+key, at(have, api(d)), entry(d))
	}
}

// renamed is an entry of single sign-on under the names that spar reads.
func renamed(entry func(domain string) any) func(domain string) any {
	return func(domain string) any {
		values, _ := entry(domain).(Values)
		return Values{"spAppUri": values["appUri"], "spSsoUri": values["ssoUri"], "contacts": values["contacts"]}
	}
}

var origin = regexp.MustCompile(`https://[A-Za-z0-9.-]+`)

// checkOrigins wants the pages of each domain among those that may call the API.
func (s Set) checkOrigins(e *evidence) {
	var allowed []string
	for _, text := range e.objects.data("ConfigMap nginz") {
		if text, ok := text.(string); ok {
			allowed = append(allowed, origin.FindAllString(text, -1)...)
		}
	}
	known := map[string]bool{}
	for _, one := range allowed {
		known[one] = true
	}
	for _, d := range slices.Concat([]Domain{{Domain: s.Default, Apps: apps}}, s.Extra) {
		for _, page := range d.Apps {
			if address := "https://" + string(page) + "." + d.Domain; !known[address] {
				e.dropped("nginz.nginx_conf.additional_external_env_domains", "ConfigMap nginz: requests of pages from "+address+" are not allowed")
			}
		}
	}
}

// checkDeeplinks wants the files from which apps configure themselves. nginz finds them by
// the host of the request.
func (s Set) checkDeeplinks(e *evidence) {
	files := e.objects.data("ConfigMap nginz-deeplink")
	file := func(domain, ending string) string { return api(domain) + "-deeplink." + ending }
	own := "nginz.nginx_conf.deeplink"
	e.want(own, "ConfigMap nginz-deeplink, "+file(s.Default, "json")+": endpoints.backendURL",
		at(readLink(files[file(s.Default, "json")]), "endpoints", "backendURL"), "https://"+api(s.Default))
	for _, d := range s.Extra {
		value := fmt.Sprintf("nginz.nginx_conf.multi_ingress_deeplink[%q]", d.Domain)
		place, link := "ConfigMap nginz-deeplink, "+file(d.Domain, "json"), readLink(files[file(d.Domain, "json")])
		if link == nil {
			e.dropped(value, place+" is absent")
			continue
		}
		meant := d.deeplink()
		e.want(value+".title", place+": title", link["title"], meant["title"])
		for name, address := range meant["endpoints"].(Values) {
			e.want(value+".endpoints."+name, place+": endpoints."+name, at(link, "endpoints", name), address)
		}
		if page, _ := files[file(d.Domain, "html")].(string); page == "" {
			e.dropped(value, "ConfigMap nginz-deeplink, "+file(d.Domain, "html")+" is absent")
		}
	}
}

// readLink reads a deep link, which is JSON and so YAML.
func readLink(text any) (link Values) {
	words, _ := text.(string)
	_ = unmarshal([]byte(words), &link) // what is none is nil
	return link
}

// check looks for calls in brig's configuration.
func (c Calls) check(e *evidence) {
	sft, _ := c.layer(nil)["config"].(Values)
	e.want("brig.config.optSettings.setSftStaticUrl", "ConfigMap brig, brig.yaml: optSettings.setSftStaticUrl",
		at(e.objects.config("brig"), "optSettings", "setSftStaticUrl"), at(sft, "optSettings", "setSftStaticUrl"))
	servers, _ := e.objects.data("ConfigMap turn")["turn-servers-v2.txt"].(string)
	e.want("brig.turnStatic.v2", "ConfigMap turn, turn-servers-v2.txt", strings.TrimSpace(servers), strings.Join(c.TURN, "\n"))
	if c.Secret != "" && !c.kept(e.objects.data("Secret brig")) {
		e.dropped("brig.secrets.turn.secret", "Secret brig does not hold it")
	}
}

// kept tells whether the secret stands somewhere in a Secret's data.
func (c Calls) kept(data Values) bool {
	for _, text := range data {
		encoded, _ := text.(string)
		if content, err := base64.StdEncoding.DecodeString(encoded); err == nil && strings.Contains(string(content), c.Secret) {
			return true
		}
	}
	return false
}
