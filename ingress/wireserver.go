package ingress

// WireServerOverlay is the layer over the release wire-server; nil without an
// extra domain.
//
// galley and cargohold have a key for the single domain that excludes their map
// of domains: galley's chart refuses to render both, cargohold would not start.
// Both maps, and spar's, are looked up by the host of the API request.
func WireServerOverlay(s Set) Values {
	if len(s.Extra) == 0 {
		return nil
	}
	return Values{
		"galley": Values{"config": Values{"settings": Values{
			"conversationCodeURI": nil,
			"multiIngress":        s.byHost(func(d string) any { return "https://account." + d + "/conversation-join/" }),
		}}},
		"cargohold": Values{"config": Values{"aws": Values{
			"s3DownloadEndpoint": nil,
			"multiIngress":       s.byHost(func(d string) any { return "https://assets." + d }),
		}}},
		// Only read where cannon has an nginz of its own.
		"cannon": Values{"nginx_conf": Values{"additional_external_env_domains": s.extra()}},
		"nginz": Values{"nginx_conf": Values{
			"additional_external_env_domains": s.extra(), // the default domain in it makes the chart fail
			"multi_ingress_deeplink":          s.deeplinks(),
		}},
		"spar": Values{"config": Values{
			"scimBaseUri":   "https://" + api(s.Default) + "/scim/v2",
			"domainConfigs": s.byHost(s.signOn),
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

// deeplinks are what apps learn of each extra domain. The chart needs all six
// endpoints, and serves them only for the exact host of backendURL.
func (s Set) deeplinks() Values {
	links := Values{}
	for _, d := range s.Extra {
		links[d.Domain] = Values{
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
	return links
}

// signOn is a domain's configuration of SAML; all three keys are required.
func (s Set) signOn(domain string) any {
	company := domain
	for _, d := range s.Extra {
		if d.Domain == domain {
			company = d.Title
		}
	}
	return Values{
		"appUri": "https://webapp." + domain,
		"ssoUri": "https://" + api(domain) + "/sso",
		"contacts": []any{Values{
			"type": "ContactSupport", "company": company, "email": "email:" + s.Email,
		}},
	}
}
