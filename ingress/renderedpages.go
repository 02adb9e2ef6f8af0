package ingress

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// urls are the variables that the web apps' charts make of config.externalUrls, and what
// they put before it; no chart reads the other keys.
var urls = map[string]struct{ variable, scheme string }{
	"appHost":          {"APP_BASE", "https://"},
	"backendRest":      {"BACKEND_REST", "https://"},
	"backendWebsocket": {"BACKEND_WS", "wss://"},
}

// checkWebapp looks for the layer in the webapp's variables.
func (s Set) checkWebapp(e *evidence, a Artifact) error {
	layer, err := WebappOverlay(s, a.Webapp)
	if err != nil || layer == nil {
		return err
	}
	return s.checkPages(e, a.Webapp, layer)
}

// checkAccountPages looks for the layer in the account pages' variables.
func (s Set) checkAccountPages(e *evidence, a Artifact) error {
	layer, err := AccountPagesOverlay(s, a)
	if err != nil || layer == nil {
		return err
	}
	return s.checkPages(e, a.AccountPages, layer)
}

// checkPages wants all variables of the layer, the artifact's own as they are, and none
// beside the layer that names the default domain.
func (s Set) checkPages(e *evidence, values []byte, layer Values) error {
	own, err := readPages(e.chart, values)
	if err != nil {
		return err
	}
	have := e.objects.environment(e.chart)
	place := func(variable string) string { return fmt.Sprintf("Deployment %s, variable %s", e.chart, variable) }
	meant := map[string]string{}
	for key, value := range at(layer, "config", "externalUrls").(Values) {
		if to, read := urls[key]; read {
			meant[to.variable] = to.scheme + value.(string)
			e.want("config.externalUrls."+key, place(to.variable), have[to.variable], meant[to.variable])
		}
	}
	for variable, value := range layer["envVars"].(Values) {
		meant[variable] = value.(string)
		e.want("envVars."+variable, place(variable), have[variable], value)
	}
	given, _ := e.user.Values["envVars"].(Values)
	for variable, value := range own.EnvVars {
		if _, theirs := given[variable]; theirs {
			continue
		}
		text, ok := value.(string)
		text = strings.ReplaceAll(text, exampleDomain, s.Default) // as the script does
		if ok && meant[variable] == "" && have[variable] != text {
			e.dropped("envVars."+variable, fmt.Sprintf("%s is %q, not the artifact's own %q", place(variable), have[variable], text))
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(have)) {
		if value := have[variable]; meant[variable] == "" && substitute(value, s.Default) != value {
			e.dropped("envVars."+variable, fmt.Sprintf("%s is %q, and names the default domain on every domain", place(variable), value))
		}
	}
	return nil
}
