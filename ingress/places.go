package ingress

import (
	"fmt"
	"slices"
)

// Places are the paths at which values name a domain or a host below it, in keys or texts,
// without what stands below such a path.
func Places(values Values, domain string) []string {
	places := placesOf("", values, domain)
	slices.Sort(places)
	return places
}

func placesOf(path string, value any, domain string) []string {
	var places []string
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			at := join(path, key)
			if named(key, domain) {
				places = append(places, at)
			} else {
				places = append(places, placesOf(at, inner, domain)...)
			}
		}
	case []any:
		for i, inner := range value {
			places = append(places, placesOf(fmt.Sprintf("%s[%d]", path, i), inner, domain)...)
		}
	case []string:
		for i, inner := range value {
			places = append(places, placesOf(fmt.Sprintf("%s[%d]", path, i), inner, domain)...)
		}
	case string:
		if named(value, domain) {
			places = append(places, path)
		}
	}
	return places
}

// named tells whether a text names the domain, or a host below it.
func named(text, domain string) bool { return substitute(text, domain) != text }
