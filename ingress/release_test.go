package ingress

import (
	"strings"
	"testing"
)

func TestReleaseValues(t *testing.T) {
	s := threeDomains()
	golden(t, "release-red.golden.yaml", ReleaseValues(s.Domains[0], s.Email))
	golden(t, "release-blue.golden.yaml", ReleaseValues(s.Domains[1], s.Email))
}

func TestReleaseValuesOfEachKind(t *testing.T) {
	d := threeDomains().Domains[0]
	tests := map[string]func(*Domain){
		"staging": func(d *Domain) { d.Certificate.Staging = true },
		"dns01": func(d *Domain) {
			d.Certificate.Solvers = []Values{{"dns01": Values{"route53": Values{"region": "eu-west-1"}}}}
		},
		"account-only": func(d *Domain) { d.Apps = []App{Account} },
		"csp-ingress":  func(d *Domain) { d.CSP = ByIngress },
	}
	for name, set := range tests {
		t.Run(name, func(t *testing.T) {
			d := d
			set(&d)
			golden(t, "release-red-"+name+".golden.yaml", ReleaseValues(d, "ops@example.org"))
		})
	}
}

func TestReleaseSecretsStandApart(t *testing.T) {
	s := threeDomains()
	values, err := marshal(ReleaseValues(s.Domains[1], s.Email))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(values), "secrets") {
		t.Errorf("the values speak of secrets:\n%s", values)
	}
	golden(t, "secrets.golden.yaml", ReleaseSecrets([]byte("cert\nchain\n"), []byte("key\n")))
}

func TestNames(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"name":                 {Name("red.example.com"), "red"},
		"release":              {ReleaseName("red"), "nginx-ingress-services-red"},
		"certificate":          {CertificateName("red.example.com"), "red-example-com-csr"},
		"its secret":           {Domain{Name: "red"}.CertificateSecret(), "nginx-ingress-services-red-nginx-multi-ingress-red-managed-tls-certificate"},
		"an own one's secret":  {Domain{Name: "red", Certificate: Certificate{Cert: "c", Key: "k"}}.CertificateSecret(), "nginx-ingress-services-red-nginx-multi-ingress-red-wildcard-tls-certificate"},
		"a long one's secret":  {Domain{Name: "a123456789012345678"}.CertificateSecret(), "nginx-ingress-services-a123456789012345678-nginx-multi-ingress-managed-tls-certificate"},
		"the last of the host": {Hosts("red.example.com")[5], "account.red.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %s, want %s", test.got, test.want)
			}
		})
	}
}
