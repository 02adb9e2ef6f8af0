package vm

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// onlineCores is where Linux lists the processors that work.
const onlineCores = "/sys/devices/system/cpu/online"

// crowded is how many of the VMs' processors may share a core before they get in each other's way:
// they mostly wait.
const crowded = 4

// CheckCores is a Warning where the host has too few cores for the machines, and a note where
// machines have to share them.
func (r *Room) CheckCores(context.Context) error {
	list, err := os.ReadFile(onlineCores)
	if err != nil {
		return fmt.Errorf("the host's cores: %w", err)
	}
	cores, err := listed(string(list))
	if err != nil {
		return fmt.Errorf("the host's cores: %s: %w", onlineCores, err)
	}
	return sharing(r.Machines, cores)
}

// sharing judges what it means that the machines share so many cores.
func sharing(machines []Machine, cores int) error {
	total, largest := 0, Machine{}
	for _, m := range machines {
		total += m.CPUs
		if m.CPUs > largest.CPUs {
			largest = m
		}
	}
	switch {
	case largest.CPUs > cores:
		return CoresShort.Warnf("the host has %d cores, %s alone is to have %d", cores, largest.Name, largest.CPUs)
	case total > crowded*cores:
		return CoresShort.Warnf("the host has %d cores, the VMs are to have %d in all, more than %d for each", cores, total, crowded)
	case total > cores:
		return CoresShort.Notef("the host has %d cores, and the VMs, with %d in all, share them", cores, total)
	default:
		return nil
	}
}

// listed counts what a list such as "0-3,8" holds (cpuset(7), formats).
func listed(text string) (int, error) {
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(text), ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 16)
		if err != nil {
			return 0, err
		}
		last, err := strconv.ParseUint(to, 10, 16)
		if err != nil {
			return 0, err
		}
		if last < first {
			return 0, fmt.Errorf("%q is no range", part)
		}
		n += int(last-first) + 1
	}
	return n, nil
}
