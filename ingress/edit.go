package ingress

import (
	"fmt"
	"reflect"
	"slices"
)

// AddDomains writes further domains into the text of a configuration file, as they are given.
// All other bytes, comments too, stay as they are: lines are inserted, and the result is read
// again to prove that it says what the file said and the new domains. Only where no insertion
// does, the file is written anew from its nodes, which keeps comments but not every blank. A
// domain that is there already changes nothing; with other settings than those given it is
// an error, for changing them is an editor's work. It fails with DomainInvalid or
// ConfigurationUneditable.
func AddDomains(file []byte, domains ...Domain) ([]byte, error) {
	doc, err := parse(file)
	if err != nil {
		return nil, uneditable(err)
	}
	further, err := doc.missing(domains)
	if err != nil || len(further) == 0 {
		return file, err
	}
	list, err := doc.list()
	if err != nil {
		return nil, uneditable(err)
	}
	for _, d := range further {
		entry, err := mapping(d)
		if err != nil {
			return nil, uneditable(err)
		}
		list = append(slices.Clip(list), entry)
	}
	text, err := doc.edited(doc.insertions(further), func() ([]byte, error) { return doc.anew(further) }, list)
	if err != nil {
		return nil, uneditable(err)
	}
	return text, nil
}

func uneditable(err error) error {
	return ConfigurationUneditable.Failf("the configuration file: %w", err)
}

// missing are the domains that the file does not have yet, each once.
func (doc *document) missing(domains []Domain) ([]Domain, error) {
	there, err := doc.entries()
	if err != nil {
		return nil, uneditable(err)
	}
	var further []Domain
	for _, d := range domains {
		if _, err := Canonical(d.Domain); err != nil {
			return nil, err
		}
		present, err := has(slices.Concat(there, further), d)
		if err != nil {
			return nil, err
		}
		if !present {
			further = append(further, d)
		}
	}
	return further, nil
}

// has tells whether the domain is among others, with the settings that it has itself.
func has(all []Domain, d Domain) (bool, error) {
	for _, there := range all {
		if !sameDomain(there.Domain, d.Domain) {
			continue
		}
		asked, err := mapping(d)
		if err != nil {
			return true, err
		}
		there.defaults()
		have, err := mapping(there)
		if err != nil {
			return true, err
		}
		for key, value := range asked {
			if key != "domain" && !reflect.DeepEqual(have[key], value) {
				return true, ConfigurationUneditable.Failf("the configuration file has %s already, with another %s", d.Domain, key)
			}
		}
		return true, nil
	}
	return false, nil
}

// sameDomain tells whether two domains, as people type them, are one.
func sameDomain(a, b string) bool {
	first, err := canonical(a)
	second, other := canonical(b)
	return a == b || err == nil && other == nil && first == second
}

// mapping is the domain as a file says it.
func mapping(d Domain) (map[string]any, error) {
	text, err := marshal(d)
	if err != nil {
		return nil, err
	}
	var entry map[string]any
	if err := unmarshal(text, &entry); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Domain, err)
	}
	return entry, nil
}
