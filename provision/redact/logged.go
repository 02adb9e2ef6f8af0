package redact

import (
	"regexp"
	"strings"
)

// keyLines is more than the lines that a private key has in PEM.
const keyLines = 120

// lastWord is base64 at the end of a line, behind what a log puts before each.
var lastWord = regexp.MustCompile(`[A-Za-z0-9+/]{4,}=*\s*$`)

// withoutLoggedKeys is a text without private keys of which each line stands behind something else, as in a log. Where
// the beginning is missing, the lines above the end go that look like a key's.
func withoutLoggedKeys(text string) string {
	if !strings.Contains(text, "PRIVATE KEY-----") {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	begun := -1
	for at, line := range lines {
		switch {
		case strings.Contains(line, "-----BEGIN ") && strings.Contains(line, "PRIVATE KEY-----"):
			if begun = at; strings.Contains(line, "-----END ") {
				begun = -1
			}
		case strings.Contains(line, "-----END ") && strings.Contains(line, "PRIVATE KEY-----"):
			for above := at - 1; begun < 0 && above >= 0 && len(lastWord.FindString(lines[above])) > 40; above-- {
				lines[above] = lastWord.ReplaceAllString(lines[above], Hidden+"\n")
			}
			begun = -1
		case begun >= 0 && at-begun < keyLines:
			lines[at] = lastWord.ReplaceAllString(line, Hidden+"\n")
		}
	}
	return strings.Join(lines, "")
}
