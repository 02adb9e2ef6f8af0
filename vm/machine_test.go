package vm

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"
)

func TestMachines(t *testing.T) {
	var table strings.Builder
	for _, m := range usual().Machines("wire", subnet) {
		fmt.Fprintf(&table, "%s %s %s %s %s %d %s %s\n", m.Name, m.Role, m.Address, m.MAC, m.UUID, m.CPUs, m.Memory, m.Disk)
	}
	golden(t, "machines.txt", []byte(table.String()))
}

func TestIdentitiesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, deployment := range []string{"wire", "wire2"} {
		for _, m := range usual().Machines(deployment, subnet) {
			for _, id := range []string{m.MAC, m.UUID} {
				if other := seen[id]; other != "" {
					t.Errorf("%s of %s/%s is also that of %s", id, deployment, m.Name, other)
				}
				seen[id] = deployment + "/" + m.Name
			}
		}
	}
}

func TestMachinesFollowTheSubnet(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.0/24":     "10.1.2.33",
		"10.1.2.128/25":   "10.1.2.161",
		"172.20.0.0/16":   "172.20.0.33",
		"192.168.7.77/24": "192.168.7.33",
	} {
		all := usual().Machines("wire", netip.MustParsePrefix(text))
		if got := all[len(all)-1].Address.String(); got != want {
			t.Errorf("datanode3 in %s has %s, want %s", text, got, want)
		}
	}
}

func TestDomain(t *testing.T) {
	for _, tc := range []struct {
		name string
		spec *Spec
		nth  int
	}{{"kvm", usual(), 1}, {"tcg", small(), 0}} {
		t.Run(tc.name, func(t *testing.T) {
			m := tc.spec.Machines("wire", subnet)[tc.nth]
			room := Room{Images: "/var/lib/libvirt/images", Console: "/var/lib/wiabctl/console"}
			domain, err := m.domain("wirebox", room.paths(m), strings.Repeat("5eed", 16))
			if err != nil {
				t.Fatal(err)
			}
			text, err := domain.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "domain-"+tc.name+".xml", []byte(text+"\n"))
		})
	}
}

func TestMarkIsReadBack(t *testing.T) {
	for _, tc := range []struct {
		name     string
		metadata string
		ours     bool
		ready    bool
	}{
		{"none", ``, false, false},
		{"ours", `<wiabctl:machine xmlns:wiabctl="https://wiabctl.dev/1" deployment="a&lt;b" seed="s"/>`, true, false},
		{"another prefix", `<x:machine xmlns:x="https://wiabctl.dev/1" deployment="a&lt;b" seed="s"/>`, true, false},
		{"ours and ready", `<wiabctl:machine xmlns:wiabctl="https://wiabctl.dev/1" deployment="a&lt;b" seed="s"/><w:ready xmlns:w="https://wiabctl.dev/1/ready"/>`, true, true},
		{"another's machine", `<o:machine xmlns:o="https://example.org" deployment="a"/>`, false, false},
		{"no namespace", `<machine deployment="a"/>`, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			noted, err := notesOf(&libvirtxml.Domain{Metadata: &libvirtxml.DomainMetadata{XML: tc.metadata}})
			if err != nil {
				t.Fatal(err)
			}
			if got := noted.Mark != nil; got != tc.ours {
				t.Errorf("ours: %v, want %v", got, tc.ours)
			}
			if got := noted.Ready != nil; got != tc.ready {
				t.Errorf("ready: %v, want %v", got, tc.ready)
			}
			if tc.ours && *noted.Mark != (mark{Deployment: "a<b", Seed: "s"}) {
				t.Errorf("mark is %+v", *noted.Mark)
			}
		})
	}
}
