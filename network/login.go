package network

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// established is the kernel's TCP_ESTABLISHED.
const established = 1

// login is a connection to this host's SSH server on which somebody has logged in.
type login struct {
	client netip.AddrPort
	server netip.AddrPort
}

// String is where the login comes from.
func (l login) String() string { return l.client.Addr().Unmap().String() }

// logins are those of clients elsewhere, on the given ports.
func logins(ports []uint16) ([]login, error) {
	holding := holders()
	var all []login
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil {
			return nil, fmt.Errorf("listing the TCP sockets: %w", err)
		}
		for _, socket := range sockets {
			if socket.State != established || !slices.Contains(ports, socket.ID.SourcePort) || socket.ID.Destination.IsLoopback() {
				continue
			}
			client, okClient := netip.AddrFromSlice(socket.ID.Destination)
			server, okServer := netip.AddrFromSlice(socket.ID.Source)
			if okClient && okServer && slices.ContainsFunc(holding[socket.INode], loggedIn) {
				all = append(all, login{netip.AddrPortFrom(client, socket.ID.DestinationPort), netip.AddrPortFrom(server, socket.ID.SourcePort)})
			}
		}
	}
	return all, nil
}

// session is how OpenSSH's server names its process once somebody has logged in:
// "sshd: root@pts/0", since version 9.8 "sshd-session: root@notty".
var session = regexp.MustCompile(`^sshd(-session)?: [^ ]+@`)

// loggedIn says whether the process of this directory in /proc serves a login. A
// stranger who only knocks does not count.
func loggedIn(process string) bool {
	title, err := os.ReadFile(filepath.Join(process, "cmdline"))
	return err == nil && session.Match(title)
}
