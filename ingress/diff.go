package ingress

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Diff tells in lines what is between two layers: "+ path: new", "~ path: old -> new",
// "- path". Of values that may be secret only the path is told.
func Diff(before, after Values) ([]string, error) {
	was, err := plain(before)
	if err != nil {
		return nil, fmt.Errorf("understand the values before: %w", err)
	}
	is, err := plain(after)
	if err != nil {
		return nil, fmt.Errorf("understand the values after: %w", err)
	}
	old, _ := was.(map[string]any)
	now, _ := is.(map[string]any)
	return diff("", old, now), nil
}

func diff(path string, old, now map[string]any) (lines []string) {
	keys := maps.Clone(old)
	if keys == nil {
		keys = map[string]any{}
	}
	maps.Copy(keys, now)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		at := join(path, key)
		was, had := old[key]
		is, has := now[key]
		below, wasMap := was.(map[string]any)
		above, isMap := is.(map[string]any)
		switch {
		case wasMap && len(below) > 0 && (isMap || !has), isMap && len(above) > 0 && !had:
			lines = append(lines, diff(at, below, above)...)
		case !has:
			lines = append(lines, "- "+at)
		case !had:
			lines = append(lines, "+ "+at+": "+shown(at, is))
		case shown("", was) != shown("", is):
			lines = append(lines, "~ "+at+": "+shown(at, was)+" -> "+shown(at, is))
		}
	}
	return lines
}

var (
	secretName  = regexp.MustCompile(`(?i)secret|pass|token|credential|private|key|cert|auth|salt`)
	secretValue = regexp.MustCompile(`://[^/ ]*@|-----BEGIN`)
)

// longestShown is how much of a value is told, in bytes.
const longestShown = 80

// shown is a value in one line; an empty path shows it whole, to be compared.
func shown(path string, value any) string {
	text, err := json.Marshal(value)
	switch {
	case err != nil:
		return "(not to be shown)"
	case path == "":
		return string(text)
	case secretName.MatchString(path), secretValue.Match(text), hasSecret(value):
		return "(hidden)"
	case len(text) <= longestShown:
		return string(text)
	}
	cut := text[:longestShown]
	for !utf8.Valid(cut) {
		cut = cut[:len(cut)-1]
	}
	return string(cut) + "..."
}

// hasSecret tells whether a list or map may hold one.
func hasSecret(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			if secretName.MatchString(key) || hasSecret(below) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasSecret)
	case string:
		return strings.Contains(v, "\n") // a key, a certificate, a file
	}
	return false
}
