package ingress

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// encoded is what may be base64 of more than a few bytes.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}={0,2}`)

// mostEscapes is how often a text is taken for one that was escaped as a whole, as an address is that stands in
// another one's parameter, which stands in a third one's.
const mostEscapes = 3

// hostNames are the host names in a text, in lower case and ASCII: also where they are escaped, as in addresses and
// scripts, and where a whole word is base64, as configurations are that a page hands on.
func hostNames(text string) []string {
	names := unescapedNames(text)
	for _, word := range encoded.FindAllString(text, -1) {
		if decoded := fromBase64(word); decoded != "" {
			names = append(names, unescapedNames(decoded)...)
		}
	}
	return names
}

// unescapedNames are those in a text as it is, and as it is once its escapes are taken for what they mean.
func unescapedNames(text string) []string {
	names := plainNames(text)
	for range mostEscapes {
		plainer := escape.ReplaceAllStringFunc(text, unescape)
		if plainer == text {
			break
		}
		text = plainer
		names = append(names, plainNames(text)...)
	}
	return names
}

// escape is an escape of addresses, of JSON or of JavaScript.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[bfnrtv]`)

// unescape is what an escape means; white space is as good as any other.
func unescape(code string) string {
	value, err := strconv.ParseUint(strings.TrimLeft(code, `%\xu`), 16, 16)
	switch {
	case err != nil:
		return " "
	case code[0] == '%':
		return string([]byte{byte(value)})
	default:
		return string(rune(value))
	}
}

// plainNames are the words of at least two labels.
func plainNames(text string) []string {
	var names []string
	for _, word := range strings.FieldsFunc(text, separates) {
		name := strings.ToLower(word)
		if !ascii(name) {
			name, _ = idna.Lookup.ToASCII(word) // also what is no host's name, as far as it goes
		}
		if name = strings.Trim(name, ".-"); strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	return names
}

// separates tells whether a character stands in no name. Marks belong to letters, and full stops of the Far East are
// dots.
func separates(r rune) bool {
	switch {
	case r >= utf8.RuneSelf:
		return !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune("。．｡", r)
	case r == '-', r == '.', r == '_':
		return false
	default:
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// fromBase64 decodes a word in either alphabet; empty if it is none.
func fromBase64(word string) string {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(word)
	if err != nil {
		return ""
	}
	return string(decoded)
}
