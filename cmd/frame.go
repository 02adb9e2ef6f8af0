package cmd

import (
	"fmt"
	"strings"
)

// Control sequences of terminals (ECMA-48, and DEC's autowrap mode).
const (
	toTheTop   = "\x1b[H"
	clearRight = "\x1b[K"
	clearBelow = "\x1b[J"
	cutLines   = "\x1b[?7l"
	wrapLines  = "\x1b[?7h"
)

// frame is a title and a text in place of all that a terminal of this height shows. Lines that are too long are cut by
// the terminal; of those that are too many the last ones are counted.
func frame(title, text string, height int) string {
	lines := strings.Split(strings.TrimRight(title+"\n\n"+text, "\n"), "\n")
	if room := max(height-1, 1); len(lines) > room {
		lines = append(lines[:room-1], fmt.Sprintf("... and %d lines more", len(lines)-room+1))
	}
	return cutLines + toTheTop + strings.Join(lines, clearRight+"\r\n") + clearRight + "\r\n" + clearBelow + wrapLines
}
