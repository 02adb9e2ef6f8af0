package provision

import (
	"strconv"

	"wiabctl/provision/change"
)

// aptProgress turns apt's progress into lines for people: at most one for each percent
// of the installation, which names the package at work, and fewer for the download.
type aptProgress struct {
	say   change.Progress
	act   string          // "install", "upgrade", "purge"
	total int             // packages
	done  map[string]bool // packages that apt is done with

	percent int // that a line was said of last, from 1 on: of 0 there is none yet
}

// coarse is how many percent of a download are one line.
const coarse = 10

// note takes a line of apt's.
func (p *aptProgress) note(line string) {
	status, ok := parseAptStatus(line)
	switch {
	case !ok:
	case status.kind == "dlstatus":
		p.tell(int(status.percent)/coarse*coarse, "download", status.subject)
	case status.kind == "pmstatus" && status.subject != "dpkg-exec":
		if status.finished() {
			p.done[status.subject] = true
		}
		p.tell(int(status.percent), p.act+" "+status.subject, strconv.Itoa(len(p.done)))
	}
}

// tell says how far it is, if that is not what was said last.
func (p *aptProgress) tell(percent int, what, count string) {
	if percent == p.percent {
		return
	}
	p.percent = percent
	p.say.Sayf("%s: %d %%, %s of %d packages", what, percent, count, p.total)
}

// tellingOf is the progress of these steps, with the act that counts.
func tellingOf(say change.Progress, what string, steps []aptStep, act string) *aptProgress {
	p := &aptProgress{say: say, act: what, done: map[string]bool{}}
	for _, s := range steps {
		if s.act == act {
			p.total++
		}
	}
	return p
}
