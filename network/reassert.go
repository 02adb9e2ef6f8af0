package network

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// nftables.service flushes the tables of everybody, ours too, each time it is
// started, reloaded or stopped (Debian's and Ubuntu's package nftables).
const (
	nftablesConf = "/etc/nftables.conf"
	nftablesUnit = "nftables.service"
	reassertFile = unitsDir + "/" + nftablesUnit + ".d/wiabctl.conf"
)

// reassertText adds to that service that our table is loaded after each flush, also
// when the service fails half-way. A unit of our own could not follow its stop.
const reassertText = `# Written by wiabctl.
[Service]
ExecStartPost=-nft -f ` + rulesFile + `
ExecReload=-nft -f ` + rulesFile + `
ExecStopPost=-nft -f ` + rulesFile + `
`

// flushes finds the statement in a file of nft's.
var flushes = regexp.MustCompile(`(?m)^[^#"\n]*\bflush\s+ruleset\b`)

// flushed is a Warning where nftables.service is enabled and empties the rules of
// everybody: ours come back by themselves, docker's do not.
func flushed() error {
	enabled, err := filepath.Glob(filepath.Join(unitsDir, "*.wants", nftablesUnit))
	if err != nil || len(enabled) == 0 {
		return err
	}
	text, err := os.ReadFile(nftablesConf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !flushes.Match(text) {
		return nil
	}
	return Flush.Warnf("%s is enabled and %s says `flush ruleset`: each start, reload or stop of it takes docker's rules away until docker restarts; "+
		"wiabctl's own come back by themselves", nftablesUnit, nftablesConf)
}

// tidy removes the directory if nothing is left in it.
func tidy(directory string) error {
	err := os.Remove(directory)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}
