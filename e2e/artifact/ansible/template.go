package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	expression = regexp.MustCompile(`\{\{\s*(.*?)\s*\}\}`)
	call       = regexp.MustCompile(`^(addresses|names)\('([A-Za-z0-9_-]+)'\)$`)
	// harmless is what may be put into a shell script as it is.
	harmless = regexp.MustCompile(`^[A-Za-z0-9 ._:/@+=,-]*$`)
)

// expand replaces {{ variable }}, {{ addresses('group') }} and {{ names('group') }};
// the latter two give the group's members in one order, separated by blanks.
func (inv *inventory) expand(text string, known vars) (string, error) {
	var problems []error
	result := expression.ReplaceAllStringFunc(text, func(match string) string {
		value, err := inv.evaluate(expression.FindStringSubmatch(match)[1], known)
		if err == nil && !harmless.MatchString(value) {
			err = fmt.Errorf("the value of %s holds characters that a shell would interpret", match)
		}
		problems = append(problems, err)
		return value
	})
	return result, errors.Join(problems...)
}

func (inv *inventory) evaluate(expr string, known vars) (string, error) {
	if m := call.FindStringSubmatch(expr); m != nil {
		hosts, err := inv.match(m[2])
		if err != nil {
			return "", err
		}
		var words []string
		for _, h := range hosts {
			if m[1] == "names" {
				words = append(words, h.name)
			} else {
				words = append(words, h.address())
			}
		}
		return strings.Join(words, " "), nil
	}
	switch v := known[expr].(type) {
	case nil:
		return "", fmt.Errorf("%q is undefined", expr)
	case string, bool, int, float64:
		return fmt.Sprint(v), nil
	default:
		return "", fmt.Errorf("%q is a %T, not a single value", expr, v)
	}
}
