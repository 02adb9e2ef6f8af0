package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/miekg/dns"
)

// zone is a file of records (RFC 1035, section 5.1) that take the place of what the lab
// says of the same names. It is read at each question, for scenarios change it.
type zone string

// records are those of the name, of whatever type, or of the wildcard right above it. There
// are none where the file does not speak of it.
func (z zone) records(name string) ([]dns.RR, error) {
	text, err := os.ReadFile(string(z))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, parent, _ := strings.Cut(dns.CanonicalName(name), ".")
	var exact, wild []dns.RR
	parser := dns.NewZoneParser(strings.NewReader(string(text)), ".", string(z))
	parser.SetDefaultTTL(ttl)
	for record, ok := parser.Next(); ok; record, ok = parser.Next() {
		switch dns.CanonicalName(record.Header().Name) {
		case dns.CanonicalName(name):
			exact = append(exact, record)
		case "*." + parent:
			record.Header().Name = name
			wild = append(wild, record)
		}
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	if len(exact) > 0 {
		return exact, nil
	}
	return wild, nil
}
