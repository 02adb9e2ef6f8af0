// Cert-manager is cert-manager's controller for the lab: upstream's own control
// loops at a pinned version, with the settings of its flags. Upstream's main
// function is in a module that cannot be fetched, so it is made anew here, of the
// loops that an ACME issuer needs. There is no webhook: nobody could call it.
//
// Its requests are those of a pod on a node: HTTP_PROXY and HTTPS_PROXY name a
// proxy that runs on one (e2e/artifact/ingressd), and both its ACME client and its
// self-check heed them.
package main
