package change

import "strings"

// Printable makes text from outside fit for a terminal: what is no UTF-8 becomes a question
// mark, and control characters but line breaks and tabs, which could move the cursor or forge
// what stands above, are gone.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 { // C0, DEL and C1
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
