// Package names is what the lab's name server says that differs from its own zone: a file that a scenario
// writes and the server reads at each question.
package names

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/miekg/dns"
)

// Differences are by full name, with the dot at its end.
type Differences struct {
	// Records take the place of all that the server says of their names, in a zone file's words. A wildcard speaks
	// for all names right below it; an NS record delegates what is at and below its name.
	Records []string `json:"records,omitempty"`
	Gone    []string `json:"gone,omitempty"`    // names that there are not (NXDOMAIN)
	Failing []string `json:"failing,omitempty"` // names at and below which the server fails (SERVFAIL)
}

// Write replaces the file.
func (d Differences) Write(file string) error {
	for _, text := range d.Records {
		if _, err := dns.NewRR(text); err != nil {
			return fmt.Errorf("record %q: %w", text, err)
		}
	}
	content, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return renameio.WriteFile(file, content, 0o644)
}

// Read is what the file says; nothing if there is none.
func Read(file string) (d Differences, err error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &d)
	}
	return d, err
}

// Of are the records of a name: its own, or those of the wildcard beside it.
func (d Differences) Of(name string) []dns.RR {
	if own := d.owned(name); len(own) > 0 {
		return own
	}
	_, parent, _ := strings.Cut(name, ".")
	all := d.owned("*." + parent)
	for _, rr := range all {
		rr.Header().Name = name
	}
	return all
}

// owned are the records with that very name.
func (d Differences) owned(name string) []dns.RR {
	var all []dns.RR
	for _, text := range d.Records {
		if rr, err := dns.NewRR(text); err == nil && strings.EqualFold(rr.Header().Name, name) { // Write has seen to the error
			all = append(all, rr)
		}
	}
	return all
}

// Delegation are the NS records at a name or the nearest above it.
func (d Differences) Delegation(name string) []dns.RR {
	for ; name != "" && name != "."; _, name, _ = strings.Cut(name, ".") {
		servers := slices.DeleteFunc(d.owned(name), func(rr dns.RR) bool { return rr.Header().Rrtype != dns.TypeNS })
		if len(servers) > 0 {
			return servers
		}
	}
	return nil
}

// Fails tells whether the server fails at a name.
func (d Differences) Fails(name string) bool {
	return slices.ContainsFunc(d.Failing, func(zone string) bool { return dns.IsSubDomain(zone, name) })
}
