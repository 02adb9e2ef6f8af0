package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// preamble is the part of every script that the tasks build upon. It is POSIX
// shell and content with busybox.
const preamble = `set -u
stage= changed=
cleanup() { [ -z "$stage" ] || rm -rf "$stage"; }
trap cleanup EXIT
# write FILE MODE takes the file's content from its standard input.
write() {
	mkdir -p "${1%/*}"
	(umask 077; cat >"$1.new")
	chmod "$2" "$1.new"
	if [ -f "$1" ] && [ "$(cat "$1")" = "$(cat "$1.new")" ]; then rm "$1.new"; else mv "$1.new" "$1"; echo changed; fi
}
# have INDEX FILE tells the digest of what is there.
have() { sum=$(sha256sum "$2" 2>/dev/null) || sum=absent; echo "have $1 ${sum%% *}"; }
# receive takes the files that differ.
receive() { mkdir -p /var/tmp; stage=$(mktemp -d /var/tmp/ansible.XXXXXX) && echo want && tar -xf - -C "$stage"; }
# place INDEX FILE MODE puts a received file where it belongs.
place() {
	[ -f "$stage/$1" ] || return 0
	mkdir -p "${2%/*}"
	chmod "$3" "$stage/$1"
	mv -f "$stage/$1" "$2.new" && mv -f "$2.new" "$2"
	echo changed
}
# serve NAME COMMAND keeps the program /opt/wiab/NAME running, as systemd's service or
# as init's; if the play has changed something it starts anew.
serve() {
	if [ -d /run/systemd/system ]; then
		printf '%s\n' '[Unit]' "Description=$1" 'After=network.target' '[Service]' "ExecStart=$2" \
			'Restart=always' '[Install]' 'WantedBy=multi-user.target' | write "/etc/systemd/system/$1.service" 0644
		systemctl daemon-reload
		systemctl enable "$1.service"
		[ -z "$changed" ] || systemctl stop "$1.service"
		systemctl start "$1.service"
		return
	fi
	# What has never run needs no search for its processes, which under emulation takes seconds.
	grep -qxF "::respawn:$2" /etc/inittab || { echo "::respawn:$2" >>/etc/inittab; kill -HUP 1; echo changed; return 0; }
	[ -n "$changed" ] || return 0
	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe") in "/opt/wiab/$1"*) kill "${process#/proc/}" || : ;; esac
	done
}
task() {
	out=$(set -eu; eval "$2" 2>&1 </dev/null); rc=$?
	case "
$out
" in *"
changed
"*) changed=yes ;; esac
	[ -z "$out" ] || printf '%s\n' "$out" | sed 's/^/| /'
	echo "end $1 $rc"
	[ "$rc" = 0 ] || exit 1
}
`

// script composes what one host does for a play. Within a task $changed is
// "yes" once an earlier task of the play has changed the host.
func script(tasks []task) string {
	var s strings.Builder
	s.WriteString(preamble)
	copies := false
	for i, t := range tasks {
		if t.Copy != nil {
			copies = true
			fmt.Fprintf(&s, "have %d %s\n", i, shellescape.Quote(t.Copy.Dest))
		}
	}
	if copies {
		s.WriteString("receive || exit 1\n")
	}
	for i, t := range tasks {
		body := t.Shell
		if t.Copy != nil {
			body = fmt.Sprintf("place %d %s %s", i, shellescape.Quote(t.Copy.Dest), shellescape.Quote(t.Copy.Mode))
		}
		fmt.Fprintf(&s, "task %d %s\n", i, shellescape.Quote(body))
	}
	return s.String()
}

// result is how one task ended on one host.
type result struct {
	rc      int
	changed bool
	lines   []string // what the task said, without "changed"
}

// listener is told what a running script says.
type listener struct {
	have func(index int, digest string)
	want func() error
	end  func(result)
}

// listen reads a script's standard output to its end.
func listen(r io.Reader, l listener) error {
	var now result
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "|":
			if rest == "changed" {
				now.changed = true
			} else {
				now.lines = append(now.lines, rest)
			}
		case "have":
			index, digest, _ := strings.Cut(rest, " ")
			i, err := strconv.Atoi(index)
			if err != nil {
				return fmt.Errorf("the host said %q", lines.Text())
			}
			l.have(i, digest)
		case "want":
			if err := l.want(); err != nil {
				return err
			}
		case "end":
			_, code, _ := strings.Cut(rest, " ")
			rc, err := strconv.Atoi(code)
			if err != nil {
				return fmt.Errorf("the host said %q", lines.Text())
			}
			now.rc = rc
			l.end(now)
			now = result{}
		default:
			return fmt.Errorf("the host said %q", lines.Text())
		}
	}
	return lines.Err()
}
