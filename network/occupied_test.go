package network

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"wiabctl/provision/change"
)

// Everything that may hold a range is found, and a free one is named that is none of
// theirs.
func TestSubnetClashes(t *testing.T) {
	needRoot(t)
	link := func(t *testing.T, name string) {
		run(t, "ip", "link", "add", name, "type", "bridge")
		t.Cleanup(func() { run(t, "ip", "link", "delete", name) })
	}
	network := func(name, address string) func(*testing.T) {
		return func(t *testing.T) {
			virt(t, func(virt *libvirt.Libvirt) error {
				_, err := virt.NetworkDefineXML(fmt.Sprintf("<network><name>%s</name><bridge name='%s'/><ip address='%s' netmask='255.255.255.0'/></network>", name, name, address))
				return err
			})
		}
	}
	for _, tc := range []struct {
		name   string
		things []func(*testing.T)
		says   string
		free   string
	}{
		{"nothing", nil, "", ""},
		{"an address of a link that is down", []func(*testing.T){func(t *testing.T) {
			link(t, "old0")
			run(t, "ip", "address", "add", "192.168.122.9/24", "dev", "old0")
		}}, "overlaps 192.168.122.0/24 of the interface old0. ", "192.168.123.0/24"},
		{"a wider route in another table", []func(*testing.T){func(t *testing.T) {
			run(t, "ip", "route", "add", "192.168.0.0/16", "dev", "wan0", "table", "77")
			t.Cleanup(func() { run(t, "ip", "route", "delete", "192.168.0.0/16", "table", "77") })
		}}, "overlaps 192.168.0.0/16, which this host reaches through wan0. ", "10.122.0.0/24"},
		{"private ranges that lead nowhere", []func(*testing.T){func(t *testing.T) {
			run(t, "ip", "route", "add", "blackhole", "192.168.0.0/16")
			t.Cleanup(func() { run(t, "ip", "route", "delete", "blackhole", "192.168.0.0/16") })
		}}, "", ""},
		{"an inactive libvirt network, and its neighbours taken too", []func(*testing.T){network("theirs", "192.168.122.1"), network("next", "192.168.123.1"), func(t *testing.T) {
			answerAsDocker(t, `[{"Name":"shop_default","IPAM":{"Config":[{"Subnet":"192.168.124.0/23"}]}},{"Name":"host","IPAM":{"Config":null}},{"Name":"six","IPAM":{"Config":[{"Subnet":"fd00::/64"}]}}]`)
		}}, "overlaps 192.168.122.0/24 of libvirt's network theirs. ", "192.168.126.0/24"},
		{"a docker network without a bridge", []func(*testing.T){func(t *testing.T) {
			answerAsDocker(t, `[{"Name":"shop_default","IPAM":{"Config":[{"Subnet":"192.168.112.0/20"}]}}]`)
		}}, "overlaps 192.168.112.0/20 of docker's network shop_default. ", "192.168.128.0/24"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clear(t)
			for _, thing := range tc.things {
				thing(t)
			}
			f := usual()
			err := f.place(context.Background())
			if tc.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if want := fmt.Sprintf("%s%s is free: set network.subnet: %s", tc.says, tc.free, tc.free); !kindOf(err, SubnetClash.ID) || !strings.Contains(errText(err), want) {
				t.Fatalf("got %v, want a Failure of kind %s saying %q", err, SubnetClash.ID, want)
			}
			f.Spec.Subnet = netip.MustParsePrefix(tc.free)
			if err := f.place(context.Background()); err != nil {
				t.Errorf("%s is not free: %v", tc.free, err)
			}
		})
	}
}

// answerAsDocker listens where docker does and says that it is docker.
func answerAsDocker(t *testing.T, networks string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "unix", dockerSocket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/networks" || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, networks)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	rename(t, "dockerd")
	if err := os.WriteFile(dockerPID, []byte(fmt.Sprint(os.Getpid(), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dockerPID) })
}

// A docker that answers nonsense stops nothing; one that does not run is not started.
func TestDockerThatDoesNotTell(t *testing.T) {
	needRoot(t)
	clear(t)
	answerAsDocker(t, "no JSON")
	warnings, err := change.Warnings(usual().place(context.Background()))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Cause, "docker does not tell") {
		t.Errorf("got %v and %v, want a warning alone", warnings, err)
	}
	rename(t, "another")
	for name, noted := range map[string]string{"its process is gone": "99999999\n", "another has its number": fmt.Sprint(os.Getpid()), "the note is empty": ""} {
		if err := os.WriteFile(dockerPID, []byte(noted), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := usual().place(context.Background()); err != nil {
			t.Errorf("docker was asked although %s: %v", name, err)
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for want, ip := range map[string]libvirtxml.NetworkIP{
		"192.168.122.0/24": {Address: "192.168.122.1", Netmask: "255.255.255.0"},
		"10.0.0.0/8":       {Address: "10.1.2.3", Prefix: 8},
		"172.16.0.0/12":    {Address: "172.20.0.1", Netmask: "255.240.0.0"},
		"fd00::/64":        {Address: "fd00::1", Family: "ipv6", Prefix: 64},
		"invalid Prefix":   {},
	} {
		if got := prefixOf(ip).String(); got != want {
			t.Errorf("%+v is %s, want %s", ip, got, want)
		}
	}
}
