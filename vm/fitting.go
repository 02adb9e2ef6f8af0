package vm

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
)

// Capacity is what a host has for machines.
type Capacity struct {
	CPUs   int
	Memory Size // all of it, whoever uses it
}

// OwnMemory is what the host keeps for itself: docker, the tools container, its page cache.
const OwnMemory = 4 * GiB

var memoryTotal = regexp.MustCompile(`(?m)^MemTotal: +([0-9]{1,15}) kB$`)

// HostCapacity asks the kernel (proc_meminfo(5)).
func HostCapacity() (Capacity, error) {
	text, err := os.ReadFile(memoryInfo)
	if err != nil {
		return Capacity{}, fmt.Errorf("memory of this host: %w", err)
	}
	found := memoryTotal.FindSubmatch(text)
	if found == nil {
		return Capacity{}, fmt.Errorf("memory of this host: %s has no line MemTotal", memoryInfo)
	}
	number, err := strconv.ParseInt(string(found[1]), 10, 64)
	return Capacity{CPUs: runtime.NumCPU(), Memory: Size(number) * 1024}, err
}

// Fitting are sizes for a host: the usual ones where it has memory for them, else smaller ones
// in the same proportion. A machine gets no more CPUs than there are. Disks are thin and stay.
// scarce says that the machines get less than half of what the deployment is made for.
func (c Capacity) Fitting() (sizes Sizes, scarce bool) {
	var usual Spec
	usual.Defaults()
	sizes = usual.Sizes
	var want Size
	for _, at := range slots() {
		want += usual.Sizes.of(at.role).Memory
	}
	have := max(0, c.Memory-OwnMemory)
	for _, d := range []*Dimensions{&sizes.Assethost, &sizes.Kubenode, &sizes.Datanode} {
		d.CPUs = min(d.CPUs, max(1, c.CPUs))
		if have < want {
			d.Memory = max(256*MiB, d.Memory/MiB*have/want*MiB/(256*MiB)*(256*MiB))
		}
	}
	return sizes, have < want/memoryShare
}
