package vm

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision/change"
)

// fit is what a datanode of the usual configuration says of itself.
const fit = `clock 1000000000
hostname datanode1
sudo yes
cpus 4
memory 8148000
disk 101000000
address lo 127.0.0.1
address enp1s0 192.168.122.31
mtu enp1s0 1500
mtu gone
mtu lo 65536
`

func TestMisfits(t *testing.T) {
	then := time.Unix(1000000000, 0)
	for _, tc := range []struct {
		name, old, new string
		from, to       time.Duration
		want           []string
	}{
		{name: "fit"},
		{name: "hostname", old: "datanode1", new: "ubuntu", want: []string{`its hostname is "ubuntu", and has to be its name in the inventory`}},
		{name: "sudo", old: "sudo yes\n", want: []string{"demo cannot use sudo without a password"}},
		{name: "CPUs", old: "cpus 4", new: "cpus 3", want: []string{"it has 3 CPUs, configured 4"}},
		{name: "memory", old: "8148000", new: "7340032", want: []string{"its memory is 7GiB, configured 8GiB"}},
		{name: "disk", old: "101000000", new: "52428800", want: []string{"its root file system has 50GiB, configured 100GiB"}},
		{name: "no disk told", old: "disk 101000000", new: "disk", want: []string{"its root file system has 0MiB, configured 100GiB"}},
		{name: "interface", old: "enp1s0", new: "ens3", want: []string{"its interface is ens3, configured vms.interface: enp1s0"}},
		{name: "behind a NAT", old: "192.168.122.31", new: "10.0.0.31", want: []string{"none of its interfaces has the address 192.168.122.31"}},
		{name: "MTU", old: "mtu enp1s0 1500", new: "mtu enp1s0 1400", want: []string{"the MTU of its interface is 1400, that of this host's 1500"}},
		{name: "clock a little ahead", from: -2 * time.Second, to: -2 * time.Second},
		{name: "clock ahead", from: -4 * time.Second, to: -3 * time.Second, want: []string{"its clock is 3s ahead of this host's"}},
		{name: "clock behind", from: 4 * time.Second, to: 5 * time.Second, want: []string{"its clock is 3s behind this host's"}},
		{name: "a slow answer", from: -5 * time.Second, to: 5 * time.Second},
		{name: "several at once", old: "cpus 4\nmemory 8148000", new: "cpus 1\nmemory 1048576", want: []string{"it has 1 CPUs, configured 4", "its memory is 1GiB, configured 8GiB"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			said := fit
			if tc.old != "" {
				said = strings.ReplaceAll(fit, tc.old, tc.new)
			}
			is, err := readFacts([]byte(said))
			if err != nil {
				t.Fatal(err)
			}
			machine := usual().Machines("wire", subnet)[4]
			if diff := cmp.Diff(tc.want, is.misfits(machine, 1500, then.Add(tc.from), then.Add(tc.to))); diff != "" {
				t.Errorf("misfits (-want +got):\n%s", diff)
			}
		})
	}
}

// The questions are asked of the machine that the tests run on.
func TestQuestions(t *testing.T) {
	before := time.Now()
	said, err := exec.Command("sh", "-c", questions).Output()
	if err != nil {
		t.Fatal(err)
	}
	is, err := readFacts(said)
	if err != nil {
		t.Fatal(err)
	}
	if is.hostname == "" || is.CPUs < 1 || is.Memory < 256*MiB || is.Disk < GiB || is.mtus["lo"] < 1500 {
		t.Errorf("%+v, of\n%s", is, said)
	}
	if away := is.clock.Sub(before); away < -2*time.Second || away > time.Minute {
		t.Errorf("clock: %s away", away)
	}
}

func TestFactsRefuses(t *testing.T) {
	for _, said := range []string{"cpus many", "clock x", "address enp1s0 y", "mtu enp1s0 z"} {
		if _, err := readFacts([]byte(said)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

func TestOthers(t *testing.T) {
	o := &Others{
		Machines: usual().Machines("wire", subnet)[3:6],
		MTU:      func() (int, error) { return 1500, nil },
		Ask: func(_ context.Context, m Machine, _ ...string) ([]byte, error) {
			if m.Name == "datanode2" {
				return nil, errors.New("it shows the host key SHA256:x")
			}
			return []byte(strings.Replace(fit, "clock 1000000000", fmt.Sprint("clock ", time.Now().Unix()), 1)), nil
		},
	}
	err := o.Check(context.Background())
	var kinds []string
	for _, f := range change.Failures(err) {
		kinds = append(kinds, f.ID+" "+f.Cause)
	}
	want := []string{
		`vm-unfit kubenode3: its hostname is "datanode1", and has to be its name in the inventory`,
		"vm-unfit kubenode3: it has 4 CPUs, configured 5",
		"vm-unfit kubenode3: its memory is 7957MiB, configured 9GiB",
		"vm-unfit kubenode3: its root file system has 98632MiB, configured 150GiB",
		"vm-unfit kubenode3: none of its interfaces has the address 192.168.122.23",
		"vm-external-unreachable datanode2: it shows the host key SHA256:x",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	all, err := o.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Ready || !strings.HasPrefix(all[0].Why, `its hostname is "datanode1", and has to be its name in the inventory; it has 4`) || all[0].CPUs != 4 || all[0].State != "external" {
		t.Errorf("kubenode3: %+v", all[0])
	}
	if !all[1].Ready || all[1].Why != "" || all[1].Address != netip.MustParseAddr("192.168.122.31") {
		t.Errorf("datanode1: %+v", all[1])
	}
	if all[2].Why != "it shows the host key SHA256:x" {
		t.Errorf("datanode2: %+v", all[2])
	}
	o.MTU = func() (int, error) { return 0, errors.New("there is no virbr7") }
	if _, err := o.Plan(context.Background()); err == nil || err.Error() != "there is no virbr7" {
		t.Errorf("without the interface: %v", err)
	}
}
