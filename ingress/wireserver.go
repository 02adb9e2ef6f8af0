package ingress

// WireServerOverlay is the layer over the release wire-server; nil where neither extra
// domains nor calls need one.
func WireServerOverlay(s Set, a Artifact) Values {
	var layer Values
	if len(s.Extra) > 0 {
		layer = s.backend(a.unset())
	}
	if s.Calls != nil {
		layer = Merge(layer, Values{"brig": s.Calls.layer(a.unset())})
	}
	return layer
}

// backend is what the services have to know of extra domains.
//
// galley and cargohold have a key for the single domain that excludes their map
// of domains: galley's chart refuses to render both, cargohold would not start.
// Both maps, and spar's, are looked up by the host of the API request.
func (s Set) backend(unset any) Values {
	return Values{
		"galley": Values{"config": Values{"settings": Values{
			"conversationCodeURI": unset,
			"multiIngress":        s.byHost(invitation),
		}}},
		"cargohold": Values{"config": Values{"aws": Values{
			"s3DownloadEndpoint": unset,
			"multiIngress":       s.byHost(download),
		}}},
		// Only read where cannon has an nginz of its own.
		"cannon": Values{"nginx_conf": Values{"additional_external_env_domains": s.extra()}},
		"nginz": Values{"nginx_conf": Values{
			"additional_external_env_domains": s.extra(), // the default domain in it makes the chart fail
			"multi_ingress_deeplink":          s.deeplinks(),
		}},
		"spar": Values{"config": Values{
			"scimBaseUri":   s.scim(),
			"domainConfigs": s.byHost(s.signOn()),
		}},
	}
}

// byHost has an entry for every domain under the host of its API requests.
func (s Set) byHost(entry func(domain string) any) Values {
	values := Values{}
	for _, d := range s.all() {
		values[api(d)] = entry(d)
	}
	return values
}

// invitation is what links into a conversation begin with.
func invitation(domain string) any { return "https://account." + domain + "/conversation-join/" }

// download is where clients get assets.
func download(domain string) any { return "https://assets." + domain }

// scim is where user management comes in, for all domains.
func (s Set) scim() string { return "https://" + api(s.Default) + "/scim/v2" }

// deeplinks are what apps learn of each extra domain. The chart needs all six
// endpoints, and serves them only for the exact host of backendURL.
func (s Set) deeplinks() Values {
	links := Values{}
	for _, d := range s.Extra {
		links[d.Domain] = d.deeplink()
	}
	return links
}

func (d Domain) deeplink() Values {
	return Values{
		"title": d.Title,
		"endpoints": Values{
			"backendURL":   "https://" + api(d.Domain),
			"backendWSURL": "https://nginz-ssl." + d.Domain,
			"teamsURL":     "https://teams." + d.Domain,
			"accountsURL":  "https://account." + d.Domain,
			"blackListURL": "https://clientblacklist.wire.com/prod",
			"websiteURL":   "https://wire.com",
		},
	}
}

// signOn gives each domain's configuration of SAML; all three keys are required.
func (s Set) signOn() func(domain string) any {
	titles := map[string]string{s.Default: s.Default}
	for _, d := range s.Extra {
		titles[d.Domain] = d.Title
	}
	return func(domain string) any {
		return Values{
			"appUri": "https://webapp." + domain,
			"ssoUri": "https://" + api(domain) + "/sso",
			"contacts": []any{Values{
				"type": "ContactSupport", "company": titles[domain], "email": "email:" + s.Email,
			}},
		}
	}
}
