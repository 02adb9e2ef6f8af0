package network

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// steady has the kernel list something until that is of one moment: with every container and VM that comes or goes interfaces,
// addresses and routes do, and a list that takes several messages would mix before and after.
func steady[T any](list func() ([]T, error)) (all []T, err error) {
	const often = 20
	for range often {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}
