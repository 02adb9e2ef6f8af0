package ingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
