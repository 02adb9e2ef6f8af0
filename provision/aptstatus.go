package provision

import (
	"strconv"
	"strings"
)

// aptStatus is a line of apt's machine-readable progress (APT::Status-Fd, explained
// in apt's progress-reporting.md).
type aptStatus struct {
	kind    string  // "dlstatus" while packages arrive, then "pmstatus", or "pmerror"
	subject string  // the package; of a dlstatus the number of the file
	percent float64 // of the whole download or the whole installation, 0 to 100
	text    string  // "Unpacking libc6 (amd64)"
}

// parseAptStatus reads a line; false where it is none.
func parseAptStatus(line string) (aptStatus, bool) {
	fields := strings.SplitN(line, ":", 4)
	if len(fields) < 4 || fields[0] == "" || fields[1] == "" {
		return aptStatus{}, false
	}
	percent, err := strconv.ParseFloat(fields[2], 64)
	if err != nil || !(percent >= 0 && percent <= 100) { // NaN is neither
		return aptStatus{}, false
	}
	return aptStatus{kind: fields[0], subject: fields[1], percent: percent, text: fields[3]}, true
}

// finished says whether apt is done with the package.
func (s aptStatus) finished() bool {
	return strings.HasPrefix(s.text, "Installed ") || strings.HasPrefix(s.text, "Completely removed ")
}
