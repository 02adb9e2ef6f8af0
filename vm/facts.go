package vm

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// questions is the shell script by which a machine tells of itself: a line for each
// fact, its name before it. It runs as the login user, and changes nothing.
const questions = `export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
echo "clock $(date +%s)"
echo "hostname $(hostname)"
sudo -n true >/dev/null 2>&1 && echo "sudo yes"
echo "cpus $(nproc)"
echo "memory $(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo)"
echo "disk $(df -Pk / | sed -n '2s/^[^ ]*  *\([0-9]*\) .*/\1/p')"
ip -o -4 addr show | sed -n 's/^[0-9]*: *\([^ ]*\)  *inet \([0-9.]*\).*/address \1 \2/p'
for link in /sys/class/net/*; do echo "mtu ${link##*/} $(cat "$link/mtu" 2>/dev/null)"; done`

// facts are what a machine told of itself. Disk is the size of its root file system.
type facts struct {
	Dimensions
	clock    time.Time // in whole seconds
	hostname string
	sudo     bool                  // without a password
	links    map[netip.Addr]string // interfaces by their IPv4 addresses
	mtus     map[string]int        // by interface
}

// readFacts reads the answers to questions. One that is missing leaves its zero: the
// machine does not fit then.
func readFacts(said []byte) (facts, error) {
	is := facts{links: map[netip.Addr]string{}, mtus: map[string]int{}}
	lines := bufio.NewScanner(bytes.NewReader(said))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		if err := is.take(words[0], words[1:]); err != nil {
			return facts{}, fmt.Errorf("%q: %w", lines.Text(), err)
		}
	}
	return is, lines.Err()
}

func (is *facts) take(fact string, words []string) error {
	switch fact {
	case "hostname":
		is.hostname = words[0]
		return nil
	case "sudo":
		is.sudo = true
		return nil
	case "address":
		return is.takeAddress(words)
	case "mtu":
		if len(words) < 2 {
			return nil // it went while it was asked
		}
		mtu, err := strconv.Atoi(words[1])
		is.mtus[words[0]] = mtu
		return err
	}
	number, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return err
	}
	switch fact {
	case "clock":
		is.clock = time.Unix(number, 0)
	case "cpus":
		is.CPUs = int(number)
	case "memory":
		is.Memory = Size(number) * 1024
	case "disk":
		is.Disk = Size(number) * 1024
	}
	return nil
}

func (is *facts) takeAddress(words []string) error {
	if len(words) < 2 {
		return nil
	}
	address, err := netip.ParseAddr(words[1])
	is.links[address] = strings.SplitN(words[0], "@", 2)[0] // eth0@if7: a VLAN's or veth's other end
	return err
}
