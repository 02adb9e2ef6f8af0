package cmd

import (
	"path/filepath"
	"regexp"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// ourselves is wiabctl as a command begins with it.
var ourselves = regexp.MustCompile(`(^|sudo )wiabctl `)

// forFile is a command that the catalogue or a failure names, as it has to be typed where the configuration file is this one.
func forFile(command, file string) string {
	if file == defaultConfig {
		return command
	}
	quoted := shellescape.Quote(file)
	beside := func(dir string) string { return filepath.Join(dir, "overlays") }
	command = strings.ReplaceAll(command, defaultConfig, quoted)
	command = strings.ReplaceAll(command, beside(filepath.Dir(defaultConfig)), shellescape.Quote(beside(filepath.Dir(file))))
	return ourselves.ReplaceAllStringFunc(command, func(begin string) string { return begin + "-c " + quoted + " " })
}
