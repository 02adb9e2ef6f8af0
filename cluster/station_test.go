package cluster

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// Three datanodes on one sshd: the first does not answer, the programs and ports of the
// other two do. However many probes there are, each logs in once.
func TestStations(t *testing.T) {
	bin := t.TempDir()
	writeProgram(t, filepath.Join(bin, "sudo"), `while [ "$1" = -u ]; do shift 2; done; exec "$@"`)
	writeProgram(t, filepath.Join(bin, "nodetool"), `[ "$*" = status ] && cat "`+must(t)(filepath.Abs("testdata/health/nodetool.txt")).(string)+`"`)
	writeProgram(t, filepath.Join(bin, "rabbitmqctl"), `[ "$*" = "--quiet cluster_status --formatter json" ] && cat "`+must(t)(filepath.Abs("testdata/health/rabbitmq.json")).(string)+`"`)
	writeProgram(t, filepath.Join(bin, "psql"), `[ "$5" = "--command=`+askReplication+`" ] && echo "t|0"`)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	const address = "127.0.0.77"
	serveAt(t, address+":"+elasticsearchPort, map[string]string{"/_cluster/health": recorded(t, "elasticsearch.json")})
	serveAt(t, address+":"+minioPort, map[string]string{"/minio/health/live": "", "/minio/health/cluster": ""})

	target := serveSSH(t)
	door := &relay{to: target.Address}
	target.Address = freeAddress(t)
	door.stand(t, target.Address)
	gone := target
	gone.Address = freeAddress(t)
	to := func(target Target) func() (Target, error) { return func() (Target, error) { return target, nil } }
	all := Stations{{Name: "datanode1", Address: "127.0.0.78", Target: to(gone)}, {Name: "datanode2", Address: address, Target: to(target)}, {Name: "datanode3", Address: address, Target: to(target)}}
	states := map[string]HealthState{}
	for _, h := range Examine(t.Context(), []Probe{all.CassandraProbe(), all.ElasticsearchProbe(), all.MinIOProbe(), all.PostgreSQLProbe(), all.RabbitMQProbe(), all[1].AssetsProbe()}) {
		t.Logf("%s: %s: %s", h.Part, h.State, h.Text)
		states[h.Part] = h.State
	}
	want := map[string]HealthState{"cassandra": Healthy, "elasticsearch": Healthy, "rabbitmq": Healthy, "minio": Unhealthy, "postgresql": Unhealthy, "assethost": Silent}
	for part, state := range want {
		if states[part] != state {
			t.Errorf("%s is %s, want %s", part, states[part], state)
		}
	}
	if n := door.count(); n != 2 {
		t.Errorf("%d logins on two machines", n)
	}
	for _, s := range all {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStationsAbsent(t *testing.T) {
	all := Stations{{Target: func() (Target, error) { return Target{}, change.ErrNotInstalled }}}
	for _, h := range Examine(t.Context(), []Probe{all.CassandraProbe(), all.MinIOProbe(), all.PostgreSQLProbe(), all[0].AssetsProbe()}) {
		if h.State != Absent {
			t.Errorf("%s is %s: %s", h.Part, h.State, h.Text)
		}
	}
}

// What is asked over HTTP costs no login, but where the port lets only the VM itself in.
func TestStationGet(t *testing.T) {
	const address = "127.0.0.79"
	texts := map[string]string{"/_cluster/health": recorded(t, "elasticsearch.json")}
	logins := 0
	narrow := Station{Name: "datanode1", Address: address, Target: func() (Target, error) {
		logins++
		serveAt(t, net.JoinHostPort(address, elasticsearchPort), texts)
		return serveSSH(t), nil
	}}
	defer narrow.Close()
	for range 2 { // over SSH, then the port is open to all
		if verdict, err := (Stations{&narrow}).ElasticsearchProbe().Ask(t.Context()); err != nil || !verdict.Well || logins != 1 {
			t.Errorf("%d logins, %+v, %v", logins, verdict, err)
		}
	}
	open := Station{Name: "datanode2", Address: address, Target: func() (Target, error) { return Target{}, errors.New("a login") }}
	if verdict, err := (Stations{&open}).ElasticsearchProbe().Ask(t.Context()); err != nil || !verdict.Well {
		t.Errorf("%+v, %v", verdict, err)
	}
	open.Address = "127.0.0.80"
	if _, err := (Stations{&open}).ElasticsearchProbe().Ask(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.80:9200: connect: connection refused; from the VM itself: a login") {
		t.Errorf("both ways are closed: %v", err)
	}
}

// What one datanode tells for all is asked of different ones, and of the others where it is gone.
func TestStationsSpread(t *testing.T) {
	cases := map[string]struct {
		probe func(Stations) Probe
		many  int
		want  string
	}{
		"cassandra":        {Stations.CassandraProbe, 3, "231"},
		"rabbitmq":         {Stations.RabbitMQProbe, 3, "312"},
		"rabbitmq of two":  {Stations.RabbitMQProbe, 2, "12"},
		"cassandra of one": {Stations.CassandraProbe, 1, "1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var asked string
			var all Stations
			for n := range c.many {
				all = append(all, &Station{Target: func() (Target, error) { asked += strconv.Itoa(n + 1); return Target{}, errors.New("gone") }})
			}
			if _, err := c.probe(all).Ask(t.Context()); err == nil || asked != c.want {
				t.Errorf("asked in the order %q, want %q: %v", asked, c.want, err)
			}
		})
	}
}

// serveAt serves texts by their paths, and nothing else.
func serveAt(t *testing.T, address string, texts map[string]string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, there := texts[r.URL.Path]
		if !there {
			http.NotFound(w, r)
		}
		_, _ = w.Write([]byte(text))
	}))
	err = errors.Join(server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	if err != nil {
		t.Fatal(err)
	}
}
