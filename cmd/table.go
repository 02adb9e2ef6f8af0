package cmd

import (
	"io"
	"text/tabwriter"

	"wiabctl/provision/change"
)

// tableOf lays out rows, a line each, of cells that tabs divide. What others said may stand in them.
func tableOf(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(printable{out}, 0, 0, 2, ' ', 0)
}

// printable hands on what is fit for a terminal, of texts that are not cut within a character.
type printable struct{ out io.Writer }

func (p printable) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.out, change.Printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
