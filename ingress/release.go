package ingress

// ReleaseValues are the values of the release nginx-ingress-services-<name> of an
// extra domain. email is for notices about its certificate. A certificate of the
// user's own goes into ReleaseSecrets, never into these values.
func ReleaseValues(d Domain, email string) Values {
	values := Values{
		"ingressName":  d.Name,
		"nameOverride": nameOverride(d.Name),
		"webapp":       Values{"enabled": d.Serves(Webapp)},
		"teamSettings": Values{"enabled": d.Serves(Teams)},
		"accountPages": Values{"enabled": d.Serves(Account)},
		"tls":          Values{"enabled": true, "useCertManager": !d.Certificate.Own(), "issuer": d.Certificate.issuer()},
		"config":       releaseConfig(d),
		"service":      Values{"useFakeS3": true, "s3": Values{"externalPort": 9000, "serviceName": "minio-external"}},
	}
	if !d.Certificate.Own() {
		values["certManager"] = d.Certificate.certManager(email)
	}
	return values
}

// issuer names whom the certificate is from. The staging server's has a name of its own,
// for cert-manager asks anew when the name changes, and not when the server does.
func (c Certificate) issuer() Values {
	issuer := Values{"kind": "ClusterIssuer"}
	if c.Staging {
		issuer["name"] = stagingIssuer
	}
	return issuer
}

// certManager tells how Let's Encrypt is asked. Without solvers none may be left.
func (c Certificate) certManager(email string) Values {
	values := Values{"inTestMode": c.Staging, "certmasterEmail": email, "customSolvers": nil}
	if len(c.Solvers) > 0 {
		values["customSolvers"] = c.Solvers
	}
	return values
}

// releaseConfig names the six hosts; the chart leaves out those of what is not enabled. The
// Services behind them are those of the default domain's release, so this one makes none
// (isAdditionalIngress).
func releaseConfig(d Domain) Values {
	domain := d.Domain
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
		"renderCSPInIngress":  d.CSP == ByIngress,
	}
}

// ReleaseSecrets are the values with a certificate of the user's own, both parts
// PEM. They hold a private key: for a file of mode 0600, never for a plan or log.
func ReleaseSecrets(cert, key []byte) Values {
	return Values{"secrets": Values{"tlsWildcardCert": string(cert), "tlsWildcardKey": string(key)}}
}
