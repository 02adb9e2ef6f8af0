package ingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	set := Set{Default: "green.example.org", Extra: []Domain{{Domain: "red.example.com", Apps: apps}, {Domain: "blue.example.net", Apps: []App{Teams, Account}}}}
	for domain, want := range map[string][]string{
		"green.example.org": {"https://webapp.green.example.org/", "https://nginz-https.green.example.org/deeplink.json"},
		"red.example.com":   {"https://webapp.red.example.com/", "https://nginz-https.red.example.com/deeplink.json"},
		"blue.example.net":  {"https://nginz-https.blue.example.net/deeplink.json"},
	} {
		if diff := cmp.Diff(want, set.Addresses(domain)); diff != "" {
			t.Errorf("%s: %s", domain, diff)
		}
	}
}

func TestHostsOfApps(t *testing.T) {
	tests := map[string]struct {
		apps []App
		want []string
	}{
		"all":     {apps, Hosts("red.example.com")},
		"none":    {[]App{}, []string{"nginz-https.red.example.com", "nginz-ssl.red.example.com", "assets.red.example.com"}},
		"account": {[]App{Account}, []string{"nginz-https.red.example.com", "nginz-ssl.red.example.com", "assets.red.example.com", "account.red.example.com"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Domain{Domain: "red.example.com", Apps: test.apps}.Hosts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
