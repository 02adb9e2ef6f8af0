package cmd

import (
	"io"
	"os"
	"strings"

	"wiabctl/provision"
	"wiabctl/provision/change"
)

// mark tells at a glance what a planned change does: + comes, ~ changes, - goes, and ! is
// interrupted, or cannot be told yet.
func mark(e provision.Event) string {
	switch e.Verb {
	case change.Create, change.Start:
		return "+"
	case change.Update, change.Run, change.Wait:
		return "~"
	case change.Delete, change.Stop:
		return "-"
	default: // replace, restart, and a stage that cannot tell
		return "!"
	}
}

// palette paints text, or leaves it as it is.
type palette struct{ colours bool }

// paletteOf has colours where out is a terminal that shows them and nobody minds
// (https://no-color.org).
func paletteOf(out io.Writer) palette {
	_, shown := terminalOf(out)
	return palette{shown && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// The colours of ECMA-48.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

func (p palette) in(colour, text string) string {
	if !p.colours || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// ofMark is the colour of what a mark stands before.
func ofMark(mark byte) string {
	return map[byte]string{'+': green, '~': yellow, '-': red, '!': red}[mark]
}

// lines paints an event's lines: what is planned by its marks.
func (p palette) lines(e provision.Event, text string) string {
	switch e.Kind {
	case provision.ChangeWanted, provision.StageUnclear:
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if bare := strings.TrimLeft(line, " "); len(bare) > 1 && bare[1] == ' ' && ofMark(bare[0]) != "" {
				lines[i] = line[:len(line)-len(bare)] + p.in(ofMark(bare[0]), bare[:1]) + bare[1:]
			}
		}
		return strings.Join(lines, "\n")
	case provision.Warned, provision.ChangeLeft, provision.PartUnhealthy, provision.PartSilent:
		return p.in(yellow, text)
	case provision.Progressed, provision.ChangeMade:
		return p.in(dim, text)
	case provision.StageDone:
		return p.in(green, text)
	default:
		return text
	}
}
