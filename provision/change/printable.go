package change

import (
	"strings"
	"unicode"
)

// Printable makes text from outside fit for a terminal: what is no UTF-8 becomes a question
// mark, and control characters but line breaks and tabs, which could move the cursor, turn text around or forge
// what stands above, are gone.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) { // C0, DEL, C1 and what turns the direction
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
