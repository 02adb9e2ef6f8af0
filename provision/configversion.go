package provision

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// format is a version of the configuration file's format.
type format struct {
	version string
	// next makes of the top mapping of such a file one of the format after it; nil for the
	// newest. The nodes keep their lines, by which problems are told.
	next func(top *yaml.Node)
}

// formats are all that wiabctl reads, the oldest first. Config describes the last. A format that
// changes incompatibly gets a new version here, and the one before it a next.
var formats = []format{{version: "wiabctl/v1"}}

// versionField names the format; a file without it is of the oldest.
const versionField = "apiVersion"

// migrate makes a file's top mapping one of the newest format. It refuses a format that is not
// among them, and then nothing else can be said about the file.
func migrate(top *yaml.Node, formats []format) Problems {
	newest := formats[len(formats)-1].version
	i := 0
	_, says := member(top, versionField)
	if says != nil {
		i = slices.IndexFunc(formats, func(f format) bool { return f.version == says.Value })
	}
	if i < 0 {
		var known []string
		for _, f := range formats {
			known = append(known, f.version)
		}
		return Problems{{Line: says.Line, Path: versionField, Problem: fmt.Sprintf(
			"%q is none of the formats that this wiabctl reads (%s): if it is newer, install the wiabctl that it was written for", says.Value, strings.Join(known, ", "))}}
	}
	for _, f := range formats[i : len(formats)-1] {
		f.next(top)
	}
	if _, says = member(top, versionField); says != nil {
		says.Value = newest
	}
	return nil
}
