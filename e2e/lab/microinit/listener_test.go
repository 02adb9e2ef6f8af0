package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	tableHead  = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	listening4 = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10406 1\n"
	listening6 = "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000\n"
	connected  = "   1: 1F7AA8C0:0016 017AA8C0:D46E 01 00000000:00000000 02:000AFC0E 00000000     0        0 11114 3\n"
	outgoing   = "   2: 1F7AA8C0:D46E 017AA8C0:0016 0A 00000000:00000000 02:000AFC0E 00000000     0        0 11114 3\n"
	otherPort  = "   3: 00000016:2016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10406 1\n"
)

func TestListens(t *testing.T) {
	for _, c := range []struct {
		name, table string
		want        bool
	}{
		{"no table", "", false},
		{"no sockets", tableHead, false},
		{"IPv4", tableHead + listening4, true},
		{"IPv6", tableHead + listening6, true},
		{"after others", tableHead + otherPort + connected + listening4, true},
		{"a connection only", tableHead + connected, false},
		{"the port of the other side", tableHead + outgoing, false},
		{"another port and address that end alike", tableHead + otherPort, false},
		{"a torn line", tableHead + "   0: 00000000:0016", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := listens(c.table, 22); got != c.want {
				t.Errorf("listens is %v, want %v, in\n%s", got, c.want, c.table)
			}
		})
	}
}

func TestAwaitListenerSeesItCome(t *testing.T) {
	sign := filepath.Join(t.TempDir(), "pid")
	tables := []string{filepath.Join(t.TempDir(), "no-such-version"), filepath.Join(t.TempDir(), "tcp6")}
	synctest.Test(t, func(t *testing.T) {
		const comes = 30 * time.Second
		put := func(path, text string) func() {
			return func() {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Error(err)
				}
			}
		}
		time.AfterFunc(comes/3, put(tables[1], tableHead+listening6))
		time.AfterFunc(comes, put(sign, "128\n"))
		began := time.Now()
		if err := awaitListener(t.Context(), sign, tables); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < comes || took > comes+poll {
			t.Errorf("seen after %v; it came after %v, and a look is taken every %v", took, comes, poll)
		}
	})
}

func TestAwaitListenerGivesUp(t *testing.T) {
	table := filepath.Join(t.TempDir(), "tcp")
	if err := os.WriteFile(table, []byte(tableHead+connected), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := awaitListener(t.Context(), table, []string{table})
		if err == nil || !strings.Contains(err.Error(), "port 22") {
			t.Errorf("got %v, want an error that names the port", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestAwaitListenerIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := awaitListener(ctx, "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
