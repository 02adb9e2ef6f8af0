package cluster

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// playLog reads what one call of ansible-playbook prints, as the default callback of
// Ansible does, with results as JSON or YAML and at any verbosity.
type playLog struct {
	play, task string
	done       int    // tasks that have ended
	latest     string // what was last heard of a host: "datanode2 changed"
	failures   []playFailure
	trouble    []string // errors that belong to no task
	recap      bool     // the numbers of each host are being told

	open bool            // the last failure's result goes on
	body strings.Builder // the result's text as far as it has come
}

// bodyLimit bounds what is kept of a failure's result, in bytes.
const bodyLimit = 64 << 10

var (
	playLine   = regexp.MustCompile(`^(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \*{3,}$`)
	resultLine = regexp.MustCompile(`^(ok|changed|skipping|failed|fatal): \[([^\]]+)\](?:: (FAILED|UNREACHABLE)!)?(?: \(item=(.*?)\))?(?: =>\s*(.*))?$`)
	retryLine  = regexp.MustCompile(`^FAILED - RETRYING: (?:\[([^\]]+)\]: )?.* \((\d+) retries left\)\.?$`)
	recapLine  = regexp.MustCompile(`^(\S+)\s+: ok=\d+\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)\s`)
	errorLine  = regexp.MustCompile(`^(?:ERROR!|\[ERROR\]:) (.+)$`)
)

// line takes the next line.
func (p *playLog) line(line string) {
	if p.open && p.goesOn(line) {
		return
	}
	p.close()
	if line == "" || line[0] == ' ' || line[0] == '<' { // what a result goes on with, or what -vvv tells
		return
	}
	if found := playLine.FindStringSubmatch(line); found != nil {
		p.begin(found[1], shorten(found[2]))
	} else if found := resultLine.FindStringSubmatch(line); found != nil {
		p.result(found[1], shorten(found[2]), found[3], shorten(found[4]), found[5])
	} else if found := retryLine.FindStringSubmatch(line); found != nil {
		p.latest = strings.TrimSpace(fmt.Sprintf("%s tries again, %s tries left", found[1], found[2]))
	} else if found := recapLine.FindStringSubmatch(line); found != nil && p.recap && found[2] == "0" && found[3] == "0" {
		p.forget(func(f playFailure) bool { return f.host == found[1] }) // what failed was rescued
	} else if found := errorLine.FindStringSubmatch(line); found != nil && len(p.trouble) < failuresShown {
		p.trouble = append(p.trouble, shorten(found[1]))
	}
	switch {
	case strings.HasPrefix(line, "PLAY RECAP ***"):
		p.end()
		p.recap = true
	case line == "...ignoring":
		p.ignore()
	case strings.HasPrefix(line, "The error appears to be in ") && len(p.trouble) == 1:
		p.trouble = append(p.trouble, shorten(strings.TrimSuffix(line, ", but may")))
	}
}

func (p *playLog) begin(what, name string) {
	p.end()
	p.latest, p.recap = "", false
	if what == "PLAY" {
		p.play = name
		return
	}
	p.task = name
}

// end ends the task that was begun.
func (p *playLog) end() {
	if p.task != "" {
		p.done++
	}
	p.task = ""
}

func (p *playLog) result(word, host, how, item, text string) {
	host, _, _ = strings.Cut(host, " -> ") // the one that it was delegated to
	if word != "fatal" && word != "failed" {
		p.latest = host + " " + strings.Replace(word, "skipping", "skipped", 1)
		return
	}
	p.latest = host + " failed"
	p.failures = append(p.failures, playFailure{play: p.play, task: p.task, number: p.done, host: host, item: item, unreachable: how == "UNREACHABLE"})
	p.open = !json.Valid([]byte(text))
	p.keep(text)
	if !p.open {
		p.close()
	}
}

// goesOn tells whether the line belongs to the result that is being read, and keeps it.
func (p *playLog) goesOn(line string) bool {
	last := line == "}" && strings.HasPrefix(p.body.String(), "{")
	if !last && line != "" && !strings.HasPrefix(line, " ") {
		return false
	}
	p.keep(line)
	if last {
		p.close()
	}
	return true
}

func (p *playLog) keep(line string) {
	if p.body.Len()+len(line) < bodyLimit {
		p.body.WriteString(line + "\n")
	} else if p.body.Len() == 0 {
		p.body.WriteString(line[:bodyLimit])
	}
}

// close understands the result that has come to its end.
func (p *playLog) close() {
	if p.body.Len() > 0 {
		p.failures[len(p.failures)-1].message = resultMessage(p.body.String())
	}
	p.open = false
	p.body.Reset()
}

// ignore takes back what the task may fail with: the failure just told, or those of the
// items just told, which Ansible does not tell apart by host.
func (p *playLog) ignore() {
	if len(p.failures) == 0 {
		return
	}
	last := p.failures[len(p.failures)-1]
	if last.item == "" {
		p.failures = p.failures[:len(p.failures)-1]
		return
	}
	p.forget(func(f playFailure) bool { return f.item != "" && f.number == last.number })
}

func (p *playLog) forget(which func(playFailure) bool) {
	p.failures = slices.DeleteFunc(p.failures, which)
}

// progress tells in one line where it is; nothing before the first play.
func (p *playLog) progress() string {
	if p.play == "" {
		return ""
	}
	text := "play " + p.play
	if p.task != "" {
		text += fmt.Sprintf(", task %q", p.task)
	}
	counts := fmt.Sprintf("%d tasks done", p.done)
	if p.done == 1 {
		counts = "1 task done"
	}
	if p.latest != "" {
		counts += ", " + p.latest
	}
	return text + " (" + counts + ")"
}

// failure tells what failed, a line for each thing; nothing where nothing is known.
func (p *playLog) failure() string {
	p.close()
	if len(p.failures) == 0 {
		return strings.Join(p.trouble, "\n")
	}
	return describeFailures(p.failures)
}
