package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// report prints in the format of Ansible's default callback.
type report struct {
	w       io.Writer
	verbose bool
	tally   map[string]*counts
}

// counts are one host's numbers in the recap.
type counts struct{ ok, changed, unreachable, failed int }

func (r *report) play(name string) { r.banner("PLAY [" + name + "]") }
func (r *report) task(name string) { r.banner("TASK [" + name + "]") }

// banner prints a headline, filled with stars to 80 columns.
func (r *report) banner(text string) {
	fmt.Fprintf(r.w, "\n%s %s\n", text, strings.Repeat("*", max(3, 79-len(text))))
}

// outcome prints how a task ended on a host, and counts it.
func (r *report) outcome(o outcome) {
	if r.tally == nil {
		r.tally = map[string]*counts{}
	}
	n := r.tally[o.host.name]
	if n == nil {
		n = &counts{}
		r.tally[o.host.name] = n
	}
	switch {
	case o.unreachable:
		n.unreachable++
		fmt.Fprintf(r.w, "fatal: [%s]: UNREACHABLE! => %s\n", o.host.name,
			object(map[string]any{"changed": false, "msg": o.err.Error(), "unreachable": true}))
	case o.err != nil:
		n.failed++
		fmt.Fprintf(r.w, "fatal: [%s]: FAILED! => %s\n", o.host.name,
			object(map[string]any{"changed": false, "msg": o.err.Error()}))
	case o.result.changed:
		n.ok++
		n.changed++
		r.line("changed", o)
	default:
		n.ok++
		r.line("ok", o)
	}
}

func (r *report) line(state string, o outcome) {
	more := ""
	if r.verbose && len(o.result.lines) > 0 {
		more = " => " + object(map[string]any{"changed": o.result.changed, "stdout_lines": o.result.lines})
	}
	fmt.Fprintf(r.w, "%s: [%s]%s\n", state, o.host.name, more)
}

// object is a value as one line of JSON.
func object(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// recap prints the numbers of every host that had a task.
func (r *report) recap() {
	r.banner("PLAY RECAP")
	for _, name := range slices.Sorted(maps.Keys(r.tally)) {
		n := r.tally[name]
		fmt.Fprintf(r.w, "%-26s : ok=%-4d changed=%-4d unreachable=%-4d failed=%-4d skipped=0    rescued=0    ignored=0\n",
			name, n.ok, n.changed, n.unreachable, n.failed)
	}
}
