package redact

import (
	"regexp"
	"slices"
	"strings"
)

// pattern is what secrets look like, in one line of text.
type pattern struct {
	hints      []string // one of them is in the line, in lower case: looking for these is much faster
	expression *regexp.Regexp
	instead    string
}

// secretWords are what names of secrets are made of, besides those of two words.
var secretWords = []string{"password", "passwd", "passwrd", "passphrase", "pwd", "secret", "token", "credential", "auth", "cookie", "signature", "psk", "zrest", "zauth", "salt", "key"}

// ofSecrets matches the part of a name that tells of a secret; a key alone does not.
const ofSecrets = `(?:passwo?r?d|passwd|passphrase|pwd|secret|token|credential|(?:api|access|private|license|secret)[-_.]?key|key[-_.]?data|auth(?:orization)?|cookie|signature|psk|zrest|zauth|salt)`

var patterns = []pattern{
	// Names and passwords in URLs.
	of(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s"'@<>]+@`, "${1}"+Hidden+"@", "://"),
	// HTTP's headers.
	of(`(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9+/=._~-]{8,}`, "${1} "+Hidden, "bearer", "basic", "digest"),
	of(`(?i)\b((?:set-)?cookie\s*:\s*)[^\r\n"']+`, "${1}"+Hidden, "cookie"),
	// Tokens that bear their makers' marks: JSON web tokens, AWS, GitHub, GitLab, Slack, Stripe, Google, Docker, Vault, SendGrid, npm, PyPI.
	of(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`, Hidden, "eyj"),
	of(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`, Hidden, "akia", "asia"),
	of(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|rt|dt)-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|AIza[\w-]{30,}|`+
		`dckr_(?:pat|oat)_[\w-]{16,}|hv[sb]\.[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,})`, Hidden,
		"gh", "gl", "xox", "k_live_", "k_test_", "aiza", "dckr_", "hvs.", "hvb.", "sg.", "npm_", "pypi-"),
	// What passwords and keys are hashed to, as crypt and htpasswd write it.
	of(`\$(?:1|2[abxy]|5|6|7|y|gy|apr1|argon2(?:i|d|id))\$[^\s"':]{8,}`, Hidden, "$"),
	// A name that tells of a secret, and its value: in assignments, YAML, JSON, XML, headers, queries, flags.
	of(`(?i)(`+ofSecrets+`s?(?:[-_.]?(?:value|key|data|id)s?)?(?:\\?["'])?\s*[:=]\s*)(?:\\?"(?:[^"\\]|\\.)*?(?:\\?"|$)|'[^']*(?:'|$)|[^\s"',;&<>(){}\[\]]+)`, "${1}"+Hidden, secretWords...),
	of(`(?i)(--?[\w-]*`+ofSecrets+`\s+)(?:"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`, "${1}"+Hidden, secretWords...),
}

func of(expression, instead string, hints ...string) pattern {
	return pattern{hints, regexp.MustCompile(expression), instead}
}

// withoutPatterns is a text without what looks like a secret in any of its lines.
func withoutPatterns(text string) string {
	var all strings.Builder
	for line := range strings.Lines(text) {
		lower := strings.ToLower(line)
		for _, p := range patterns {
			if slices.ContainsFunc(p.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
				line = p.expression.ReplaceAllString(line, p.instead)
			}
		}
		all.WriteString(line)
	}
	return all.String()
}

// Private keys in PEM, also where line breaks are written as \n, where the end is missing, or the beginning.
var privateKeys = []*regexp.Regexp{
	regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\,:-]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`),
	regexp.MustCompile(`(?:[A-Za-z0-9+/=]{16,}(?:\s|\\n)*)+-----END [A-Z0-9 ]*PRIVATE KEY-----`),
	regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*`),
}

// withoutPrivateKeys is a text without private keys.
func withoutPrivateKeys(text string) string {
	if strings.Contains(text, "PRIVATE KEY-----") {
		for _, key := range privateKeys {
			text = key.ReplaceAllString(text, Hidden)
		}
	}
	return text
}
