package ingress

// ReleaseValues are the values of the release nginx-ingress-services-<name> of an
// extra domain. email is for notices about its certificate. A certificate of the
// user's own goes into ReleaseSecrets, never into these values.
func ReleaseValues(d Domain, email string) Values {
	values := Values{
		"ingressName":  d.Name,
		"nameOverride": "nginx-multi-ingress-" + d.Name,
		"teamSettings": Values{"enabled": true},
		"accountPages": Values{"enabled": true},
		"tls":          Values{"enabled": true, "useCertManager": !d.Certificate.Own(), "issuer": Values{"kind": "ClusterIssuer"}},
		"config":       releaseConfig(d.Domain),
		"service":      Values{"useFakeS3": true, "s3": Values{"externalPort": 9000, "serviceName": "minio-external"}},
	}
	if !d.Certificate.Own() {
		values["certManager"] = Values{"inTestMode": false, "certmasterEmail": email}
	}
	return values
}

// releaseConfig names the six hosts. The Services behind them are those of the
// default domain's release, so this one makes none (isAdditionalIngress).
func releaseConfig(domain string) Values {
	return Values{
		"dns": Values{
			"base":         domain,
			"https":        api(domain),
			"ssl":          "nginz-ssl." + domain,
			"webapp":       "webapp." + domain,
			"fakeS3":       "assets." + domain,
			"teamSettings": "teams." + domain,
			"accountPages": "account." + domain,
		},
		"isAdditionalIngress": true,
		"renderCSPInIngress":  false, // the webapp sends it: see WebappOverlay
	}
}

// ReleaseSecrets are the values with a certificate of the user's own, both parts
// PEM. They hold a private key: for a file of mode 0600, never for a plan or log.
func ReleaseSecrets(cert, key []byte) Values {
	return Values{"secrets": Values{"tlsWildcardCert": string(cert), "tlsWildcardKey": string(key)}}
}
