package ingress

// AccountPagesOverlay is the layer over the release account-pages: each value that names
// the default domain names the domain of the request instead. It is nil without an extra
// domain, and for pages of which it is not known that they can do so: AccountPagesFixed.
func AccountPagesOverlay(s Set, a Artifact) (Values, error) {
	if len(s.Extra) == 0 || a.AccountPagesFixed() != "" {
		return nil, nil
	}
	own, err := readPages("account-pages", a.AccountPages)
	if err != nil {
		return nil, err
	}
	return s.follow(own), nil
}
