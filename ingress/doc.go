// Package ingress makes one Wire backend reachable under many domains: the
// default one, which the backend was installed with, and any number of extra
// ones beside it ("multi-ingress").
//
// An extra domain is a helm release of its own, nginx-ingress-services-<name>,
// and an entry in the values of the releases wire-server, webapp and sftd. Those
// entries are computed here, whole, from the configured domains. They are layers:
// helm gets them after the script's own values and merges maps, while null takes
// a key away. Without an extra domain, and with calls of the installation's own, there
// are none, and the installation is what upstream deploys.
//
// Services that look a domain up do so by the host of the API request,
// nginz-https.<domain>, and have no fallback: the default domain needs an entry
// too. The places of all values are those that wire-server's charts read, which
// differ from the published how-to. Nothing complains about a value in a wrong place, so
// Check looks for each in what helm renders.
//
// Verify asks for the domains as clients do, and judges the recorded answers: whether each is
// right, and names no other domain. Names asks DNS for them, where it is decided.
package ingress
