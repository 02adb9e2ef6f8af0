package ingress

import (
	"errors"
	"fmt"
	"slices"

	"wiabctl/provision/change"
)

// App is a part of Wire with web pages of its own, which a domain may serve or not.
type App string

// The apps, as the configuration calls them.
const (
	Webapp  App = "webapp"
	Teams   App = "teams"   // team settings
	Account App = "account" // account pages: guest links, forgotten passwords
)

// apps are all of them.
var apps = []App{Webapp, Teams, Account}

// Serves tells whether the domain serves the app.
func (d Domain) Serves(a App) bool { return slices.Contains(d.Apps, a) }

// Hosts are the names that DNS and the certificate of the domain must have: without
// those of apps that it does not serve.
func (d Domain) Hosts() []string {
	return slices.DeleteFunc(Hosts(d.Domain), func(host string) bool {
		return slices.ContainsFunc(apps, func(a App) bool { return host == string(a)+"."+d.Domain && !d.Serves(a) })
	})
}

func validApps(path string, chosen []App) error {
	var errs []error
	for i, a := range chosen {
		switch at := fmt.Sprintf("%s[%d]", path, i); {
		case !slices.Contains(apps, a):
			errs = append(errs, change.Invalidf(at, "%q is none of %s, %s and %s", a, Webapp, Teams, Account))
		case slices.Contains(chosen[:i], a):
			errs = append(errs, change.Invalidf(at, "%q stands there twice", a))
		}
	}
	return errors.Join(errs...)
}
