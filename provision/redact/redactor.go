package redact

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Hidden stands where a secret stood.
const Hidden = "(secret)"

// Redactor takes known secrets out of texts.
type Redactor struct {
	known *strings.Replacer
}

// New makes a Redactor of the secrets that are known. Each is found as it is, line by line, as a part of JSON, of a
// URL, and in base64.
func New(secrets []string) Redactor {
	var all []string
	for _, secret := range secrets {
		all = append(all, forms(secret)...)
	}
	slices.SortFunc(all, func(a, b string) int { // the longer first: one may begin with another
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, form := range slices.Compact(all) {
		pairs = append(pairs, form, Hidden)
	}
	return Redactor{strings.NewReplacer(pairs...)}
}

// Text is a text without the known secrets, those that it names as such itself, as YAML, JSON or assignments do,
// and what looks like a key, a token or a password.
func (r Redactor) Text(text string) string {
	text = r.known.Replace(text)
	if named := Named([]byte(text)); len(named) > 0 {
		text = New(named).known.Replace(text)
	}
	return withoutPatterns(withoutPrivateKeys(withoutLoggedKeys(text)))
}

// shortest is the length in bytes from which on a value is looked for everywhere: what is shorter is part of many an
// innocent word.
const shortest = 6

// forms are the ways in which a secret may be written.
func forms(secret string) (all []string) {
	for line := range strings.Lines(secret) {
		line = strings.TrimSpace(line)
		if len(line) < shortest || line == Hidden || strings.HasPrefix(line, "-----") { // PEM's frame
			continue
		}
		all = append(all, line, url.QueryEscape(line), url.PathEscape(line), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(line)), "="))
		all = append(all, inJSON(line, true), inJSON(line, false))
	}
	if strings.Contains(secret, "\n") {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	return all
}

// inJSON is a text as a part of a string in JSON, by encoders that escape HTML's characters, or do not (log/slog).
func inJSON(text string, html bool) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(html)
	if encoder.Encode(text) != nil {
		return text
	}
	return strings.TrimSuffix(strings.TrimPrefix(quoted.String(), `"`), "\"\n")
}
