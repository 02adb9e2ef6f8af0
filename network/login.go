package network

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/vishvananda/netlink"
)

// begun are the connections to this host's SSH server that there are, by their cookies, whether or not
// anybody has logged in on them yet.
func begun(ports []uint16) (map[[2]uint32]bool, error) {
	all, err := sockets(netlink.SocketDiagTCP, func(s *netlink.Socket) bool { return s.State != listening && slices.Contains(ports, s.ID.SourcePort) })
	return cookies(all), err
}

// logins are the connections of clients elsewhere, to the given ports, on which somebody has logged in.
func logins(ports []uint16) ([]held, error) {
	all, err := heldSockets(netlink.SocketDiagTCP, func(s *netlink.Socket) bool {
		return s.State == established && slices.Contains(ports, s.ID.SourcePort) && !s.ID.Destination.IsLoopback()
	})
	return slices.DeleteFunc(all, func(s held) bool { return !s.heldBy(loggedIn) }), err
}

// session is how OpenSSH's server names its process once somebody has logged in:
// "sshd: root@pts/0", since version 9.8 "sshd-session: root@notty". A name of a directory's may
// hold an @ too, and that process is "sshd: demo@example.com [priv]" before.
var session = regexp.MustCompile(`^sshd(-session)?: [^ ]+@[^ ]+$`)

// loggedIn says whether the process of this directory in /proc serves a login. A
// stranger who only knocks does not count.
func loggedIn(process string) bool {
	line, err := os.ReadFile(filepath.Join(process, "cmdline"))
	title, _, _ := bytes.Cut(line, []byte{0})
	return err == nil && session.Match(title)
}
