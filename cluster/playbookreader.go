package cluster

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"wiabctl/provision/change"
)

// playbookReader reads what offline-cluster.sh says: the lines that our ansible-playbook
// puts around each playbook, and what Ansible prints in between.
type playbookReader struct {
	say   change.Progress
	total int // playbooks of the script; 0: unknown
	said  time.Time

	playbook string // "playbook 7 of 12 cassandra.yml"; empty: none was named yet
	log      playLog
}

// playbookLine is what our ansible-playbook says (wiab/ansible-playbook.sh).
var playbookLine = regexp.MustCompile(`^wiabctl: playbook (\d+) (\S+) (begins|skipped|left out|ended): (.*)$`)

func (r *playbookReader) Line(line string) {
	found := playbookLine.FindStringSubmatch(line)
	if found == nil {
		r.log.line(line)
		r.tell()
		return
	}
	number, name, event, why := found[1], found[2], found[3], found[4]
	if event == "ended" && !strings.HasPrefix(why, "exit status 0 ") {
		return // what is known of it will be asked for
	}
	of := ""
	if r.total > 0 {
		of = fmt.Sprintf(" of %d", r.total)
	}
	r.playbook, r.log = "playbook "+number+of+" "+name, playLog{}
	if event != "ended" {
		r.say.Sayf("%s %s: %s", r.playbook, event, why)
	}
}

// tell says where the playbook is, at most every sayEvery.
func (r *playbookReader) tell() {
	if time.Since(r.said) < sayEvery {
		return
	}
	if where := r.log.progress(); where != "" {
		r.say.Sayf("%s", strings.TrimPrefix(r.playbook+": "+where, ": "))
		r.said = time.Now()
	}
}

// Failure tells the playbook, and for each failure the task, the hosts and the message.
func (r *playbookReader) Failure() string {
	failure := r.log.failure()
	if failure == "" || r.playbook == "" {
		return failure
	}
	return r.playbook + " failed:\n  " + strings.ReplaceAll(failure, "\n", "\n  ")
}
