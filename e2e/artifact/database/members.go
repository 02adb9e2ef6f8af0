package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// members are those of a cluster.
type members struct {
	port      string
	addresses []string
}

// unheard is how long a member has to take a connection.
const unheard = 2 * time.Second

// up tells of each whether it listens now.
func (m members) up() []bool {
	all := make([]bool, len(m.addresses))
	dialer := net.Dialer{Timeout: unheard}
	var asked sync.WaitGroup
	for i, address := range m.addresses {
		asked.Go(func() {
			conn, err := dialer.DialContext(context.Background(), "tcp", net.JoinHostPort(address, m.port))
			if all[i] = err == nil; all[i] {
				conn.Close()
			}
		})
	}
	asked.Wait()
	return all
}

// count is how many listen now.
func (m members) count() int {
	n := 0
	for _, up := range m.up() {
		if up {
			n++
		}
	}
	return n
}
