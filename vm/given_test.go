package vm

import (
	"net/netip"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// elsewhere is a complete configuration of external machines.
const elsewhere = `
provider: external
key: /root/wire/key
known_hosts: /root/wire/known_hosts
machines:
  assethost: {address: 192.168.122.110}
  kubenode1: {address: 192.168.122.121}
  kubenode2: {address: 192.168.122.122}
  kubenode3: {address: 192.168.122.123}
  datanode1: {address: 192.168.122.131}
  datanode2: {address: 192.168.122.132}
  datanode3: {address: 192.168.122.133}
`

func parsed(t *testing.T, text string) *Spec {
	t.Helper()
	s := &Spec{}
	if err := yaml.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	s.Defaults()
	return s
}

func TestGivenMachinesKeepTheirAddresses(t *testing.T) {
	s := parsed(t, elsewhere)
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	all := s.Machines("wire", subnet)
	if len(all) != 7 || all[1].Name != "kubenode1" || all[1].Address.String() != "192.168.122.121" || all[1].Memory != 9*GiB {
		t.Errorf("machines: %+v", all)
	}
}

func TestAccessRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"another provider", "provider: vmware", []string{`provider: "vmware" is neither libvirt nor external`}},
		{"for our own", "key: /k\nknown_hosts: /h\nmachines: {kubenode1: {address: 10.0.0.1}}",
			[]string{"machines: is for provider: external", "key: is for", "known_hosts: is for"}},
		{"nothing given", "provider: external", []string{"machines: assethost is missing", "machines: kubenode1 is missing", "machines: datanode3 is missing",
			`key: "" is not the absolute path`, `known_hosts: "" is not`}},
		{"a name too many", elsewhere + "  kubenode4: {address: 192.168.122.124}", []string{"machines.kubenode4: is none of assethost,"}},
		{"an address twice", strings.Replace(elsewhere, ".132", ".131", 1), []string{"machines.datanode2.address: 192.168.122.131 is that of datanode1 too"}},
		{"no address", strings.Replace(elsewhere, "{address: 192.168.122.132}", "{}", 1), []string{`machines.datanode2.address: "invalid IP" is not the IPv4 address`}},
		{"IPv6", strings.Replace(elsewhere, "192.168.122.132", "fd00::1", 1), []string{`machines.datanode2.address: "fd00::1" is not the IPv4 address`}},
		{"loopback", strings.Replace(elsewhere, "192.168.122.132", "127.0.0.1", 1), []string{`machines.datanode2.address: "127.0.0.1" is not`}},
		{"relative key", strings.Replace(elsewhere, "/root/wire/key", "~/key", 1), []string{`key: "~/key" is not the absolute path`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := parsed(t, tc.text).Validate()
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not said in:\n%v", want, err)
				}
			}
		})
	}
}

func TestOutside(t *testing.T) {
	s := parsed(t, elsewhere)
	if err := s.Access.Outside(subnet); err != nil {
		t.Error(err)
	}
	err := s.Access.Outside(netip.MustParsePrefix("192.168.122.128/25"))
	if err == nil || strings.Count(err.Error(), "does not lie in") != 4 || !strings.Contains(err.Error(), "machines.kubenode1.address: 192.168.122.121") {
		t.Errorf("got %v", err)
	}
}
