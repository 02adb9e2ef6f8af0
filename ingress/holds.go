package ingress

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
)

// Holds compares the values of a deployed release (helm's JSON) with a layer, and
// returns the paths at which the layer is not in force; none means that it is.
//
// Maps are compared by the layer's keys alone and lists as a whole. A nil in the
// layer wants the key absent or null. Numbers are equal whatever their type, but
// a text "true" is no true.
func Holds(live, want any) ([]string, error) {
	have, err := plain(live)
	if err != nil {
		return nil, fmt.Errorf("understand the deployed values: %w", err)
	}
	wanted, err := plain(want)
	if err != nil {
		return nil, fmt.Errorf("understand the wanted values: %w", err)
	}
	paths := differ("", have, wanted)
	slices.Sort(paths)
	return paths, nil
}

// plain reduces values to the types of JSON.
func plain(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var reduced any
	err = json.Unmarshal(text, &reduced)
	return reduced, err
}

func differ(path string, have, want any) []string {
	wanted, ok := want.(map[string]any)
	if !ok {
		if reflect.DeepEqual(have, want) {
			return nil
		}
		return []string{path}
	}
	// Without a map there every key of it is absent.
	there, _ := have.(map[string]any)
	var paths []string
	for key, value := range wanted {
		paths = append(paths, differ(join(path, key), there[key], value)...)
	}
	if len(wanted) == 0 && there == nil {
		return []string{path}
	}
	return paths
}

var simpleKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join extends a path; a key with dots is quoted, so the path stays readable.
func join(path, key string) string {
	if !simpleKey.MatchString(key) {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
