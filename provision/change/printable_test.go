package change

import "testing"

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"words, lines and tabs", "größe\tone\ntwo", "größe\tone\ntwo"},
		{"a colour, a title and a cleared screen", "a\x1b[31mb\x1b]0;c\x07d\x1b[2J", "a[31mb]0;cd[2J"},
		{"a line over another", "error\rdone", "errordone"},
		{"C1 and DEL", "a\u009b31mb\x7fc", "a31mbc"},
		{"letters from the right", "a\u202ecba\u2066d\u200f", "acbad"},
		{"no UTF-8", "a\xff\xfeb", "a?b"},
	} {
		if got := Printable(test.text); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
