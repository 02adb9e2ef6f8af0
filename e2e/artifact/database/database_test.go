package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// gone is where nobody takes connections: the kernel makes none to all machines at once.
const gone = "255.255.255.255"

// stand runs a member of a kind, all of whose members have addresses of loopback, until the test ends.
func stand(t *testing.T, kind string, addresses ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ends, err := start(ctx, append([]string{kind}, addresses...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ends; err != nil {
			t.Error(err)
		}
	})
}

// The member listens at all addresses of loopback.
func TestTell(t *testing.T) {
	for _, kind := range []string{"cassandra", "postgresql", "rabbitmq"} {
		t.Run(kind, func(t *testing.T) {
			stand(t, kind, "127.0.0.1", gone, "127.0.0.2")
			conn, err := net.Dial("tcp", "127.0.0.1:"+kinds[kind].programs)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			said, err := io.ReadAll(conn)
			if err != nil || string(said) != "up\ndown\nup\n" {
				t.Errorf("it tells %q (%v)", said, err)
			}
			if _, err := net.Dial("tcp", "127.0.0.3:"+kinds[kind].programs); err == nil {
				t.Error("it tells others than the machine's programs")
			}
		})
	}
}

func TestHTTP(t *testing.T) {
	cases := map[string]struct {
		kind, path string
		members    []string
		status     int
		body       string
	}{
		"all of elasticsearch":        {"elasticsearch", "/_cluster/health", []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}, 200, `"status":"green","timed_out":false,"number_of_nodes":3`},
		"one of elasticsearch's gone": {"elasticsearch", "/_cluster/health", []string{"127.0.0.1", gone, "127.0.0.3"}, 200, `"status":"yellow","timed_out":false,"number_of_nodes":2`},
		"two of elasticsearch's gone": {"elasticsearch", "/_cluster/health", []string{"127.0.0.1", gone, gone}, 200, `"status":"red","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,"unassigned_shards":10`},
		"another of elasticsearch's":  {"elasticsearch", "/_cat/nodes", []string{"127.0.0.1"}, 404, ""},
		"a server of minio":           {"minio", "/minio/health/live", []string{"127.0.0.1", gone, gone}, 200, ""},
		"two of minio":                {"minio", "/minio/health/cluster", []string{"127.0.0.1", "127.0.0.2", gone}, 200, ""},
		"one of minio":                {"minio", "/minio/health/cluster", []string{"127.0.0.1", gone, gone}, 503, ""},
		"another of minio's":          {"minio", "/assets", []string{"127.0.0.1"}, 403, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stand(t, c.kind, c.members...)
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := client.Get("http://127.0.0.1:" + kinds[c.kind].port + c.path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.body) {
				t.Errorf("status %d, want %d: %s (%v)", resp.StatusCode, c.status, body, err)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"cassandra"}, {"mysql", "127.0.0.1"}} {
		if _, err := start(t.Context(), args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
