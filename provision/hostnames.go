package provision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// foreignNames are a warning for each line of a hosts file outside of our block that gives
// one of our names another address. A resolver takes the first line, whosever it is.
func foreignNames(file, content string, ours map[string]netip.Addr) error {
	var errs []error
	inside := false
	number := 0
	for line := range strings.Lines(content) {
		number++
		switch strings.TrimSuffix(line, "\n") {
		case blockBegin:
			inside = true
		case blockEnd:
			inside = false
		}
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if inside || len(words) < 2 {
			continue
		}
		for _, word := range words[1:] {
			name := strings.ToLower(word)
			if address, found := ours[name]; found && words[0] != address.String() {
				errs = append(errs, HostsClash.Warnf("%s:%d gives %s the address %s; here it is %s", file, number, name, words[0], address))
			}
		}
	}
	return errors.Join(errs...)
}

// namesCheck warns where /etc/hosts leads to another machine than the VM of that name.
func (i *Installation) namesCheck(context.Context) error {
	content, err := block{File: hostsFile}.read()
	if err != nil {
		return fmt.Errorf("read the hosts file: %w", err)
	}
	ours := map[string]netip.Addr{}
	for _, m := range i.vms() {
		ours[m.Name] = m.Address
	}
	return foreignNames(hostsFile, string(content), ours)
}
