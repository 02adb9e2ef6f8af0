package vm

import (
	"runtime"
	"testing"
)

func TestFitting(t *testing.T) {
	for _, test := range []struct {
		name                          string
		host                          Capacity
		assethost, kubenode, datanode Dimensions
		scarce                        bool
	}{
		{"what it is made for", Capacity{64, 128 * GiB}, Dimensions{2, 4 * GiB, 100 * GiB}, Dimensions{5, 9 * GiB, 150 * GiB}, Dimensions{4, 8 * GiB, 100 * GiB}, false},
		{"just enough", Capacity{5, 59 * GiB}, Dimensions{2, 4 * GiB, 100 * GiB}, Dimensions{5, 9 * GiB, 150 * GiB}, Dimensions{4, 8 * GiB, 100 * GiB}, false},
		{"half", Capacity{3, 4*GiB + 55*GiB/2}, Dimensions{2, 2 * GiB, 100 * GiB}, Dimensions{3, 4608 * MiB, 150 * GiB}, Dimensions{3, 4 * GiB, 100 * GiB}, false},
		{"less than half", Capacity{2, 16 * GiB}, Dimensions{2, 768 * MiB, 100 * GiB}, Dimensions{2, 1792 * MiB, 150 * GiB}, Dimensions{2, 1536 * MiB, 100 * GiB}, true},
		{"nothing to give", Capacity{1, 2 * GiB}, Dimensions{1, 256 * MiB, 100 * GiB}, Dimensions{1, 256 * MiB, 150 * GiB}, Dimensions{1, 256 * MiB, 100 * GiB}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, scarce := test.host.Fitting()
			if want := (Sizes{test.assethost, test.kubenode, test.datanode}); got != want || scarce != test.scarce {
				t.Errorf("got %+v, %v, want %+v", got, scarce, want)
			}
			if sum := got.Assethost.Memory + 3*got.Kubenode.Memory + 3*got.Datanode.Memory; test.host.Memory > 8*GiB && sum > test.host.Memory-OwnMemory {
				t.Errorf("the VMs get %s of %s", sum, test.host.Memory)
			}
			if err := got.validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostCapacity(t *testing.T) {
	free, err := freeMemory()
	have, failed := HostCapacity()
	if err != nil || failed != nil || have.CPUs != runtime.NumCPU() || have.Memory < 64*MiB || have.Memory+64*GiB < free {
		t.Errorf("%+v, free are %s; %v %v", have, free, err, failed)
	}
}
