package ingress

// connect is the variable with the hosts that the webapp may connect to.
const connect = "CSP_EXTRA_CONNECT_SRC"

// WebappOverlay is the layer over the release webapp: each value that names the
// default domain names the domain of the request instead. values is the
// artifact's own file, prod-values.example.yaml or what the script made of it, so
// whatever keys this release has are kept. It is nil without an extra domain.
//
// The ingress of an extra domain could send a content security policy of its own
// (renderCSPInIngress), but that one lacks the host of conference calls. So the
// webapp sends it, with that host added.
func WebappOverlay(s Set, values []byte) (Values, error) {
	if len(s.Extra) == 0 {
		return nil, nil
	}
	own, err := readPages("webapp", values)
	if err != nil {
		return nil, err
	}
	layer := s.follow(own)
	variables := layer["envVars"].(Values)
	variables[connect] = s.connectSources(own.EnvVars, variables)
	return layer, nil
}

// connectSources are the hosts to connect to, with that of conference calls.
func (s Set) connectSources(before, after Values) string {
	sources, ok := after[connect].(string)
	if !ok {
		sources, _ = before[connect].(string)
	}
	if sources == "" {
		sources = "https://*." + hostname + ", wss://*." + hostname
	}
	if s.SFT == "" {
		return sources
	}
	return sources + ", https://" + s.SFT + ", wss://" + s.SFT
}
