package ingress

import (
	"errors"
	"iter"
	"slices"
	"strings"
)

// RemoveDomains takes domains out of the text of a configuration file. What stands between
// them and their neighbours stays, comments too; it is AddDomains's counterpart, and proves
// its result in the same way. It fails with DomainUnknown for a domain that the file does not
// have, or ConfigurationUneditable.
func RemoveDomains(file []byte, domains ...string) ([]byte, error) {
	var unknown []string
	for _, domain := range domains {
		doc, err := parse(file)
		if err != nil {
			return nil, uneditable(err)
		}
		there, err := doc.entries()
		if err != nil {
			return nil, uneditable(err)
		}
		at := slices.IndexFunc(there, func(d Domain) bool { return sameDomain(d.Domain, domain) })
		if at < 0 {
			unknown = append(unknown, domain)
			continue
		}
		if file, err = doc.without(at); err != nil {
			return nil, uneditable(err)
		}
	}
	if len(unknown) > 0 {
		return nil, DomainUnknown.Failf("the configuration file has no extra domain %s", strings.Join(unknown, ", "))
	}
	return file, nil
}

// without is the file's text without the domain at a place of the list.
func (doc *document) without(at int) ([]byte, error) {
	list, err := doc.list()
	if err != nil {
		return nil, err
	}
	cuts := doc.lineCuts(at)
	if doc.domains.Style&flowStyle != 0 {
		cuts = doc.bracketCuts(at)
	}
	return doc.edited(cuts, func() ([]byte, error) {
		if doc.domains.Kind != sequenceNode {
			return nil, errors.New("domains is not a list")
		}
		doc.domains.Content = slices.Delete(doc.domains.Content, at, at+1)
		return marshal(&doc.root)
	}, slices.Delete(slices.Clone(list), at, at+1))
}

// lineCuts are texts without the lines that an item may have, the fewest first. Its mark may
// stand above its first key.
func (doc *document) lineCuts(at int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		items := doc.domains.Content
		if at >= len(items) {
			return
		}
		lines := doc.lines()
		first, end := doc.key.Line+1, len(lines)
		if at > 0 {
			first = deepest(items[at-1]) + 1
		}
		if at+1 < len(items) {
			end = items[at+1].Line - 1
		}
		for from := items[at].Line; from >= first; from-- {
			for to := deepest(items[at]); to <= end; to++ {
				if !yield(spliced(lines[:from-1], "", lines[to:])) {
					return
				}
			}
		}
	}
}

// bracketCuts are texts without the item of a list in brackets, and without the comma on
// either side.
func (doc *document) bracketCuts(at int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		items := doc.domains.Content
		if at >= len(items) {
			return
		}
		text := string(doc.text)
		from := doc.offset(items[at])
		for to := from + 1; to <= len(text); to++ {
			if text[to-1] != '}' {
				continue
			}
			before, after := text[:from], text[to:]
			cuts := []string{
				before + strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(after, " "), ","), " "),
				strings.TrimSuffix(strings.TrimRight(before, " "), ",") + after,
			}
			if at == len(items)-1 { // the comma that divides stands before it
				slices.Reverse(cuts)
			}
			for _, cut := range cuts {
				if !yield([]byte(cut)) {
					return
				}
			}
		}
	}
}

// offset is where a node begins in the text, in bytes. YAML counts columns in characters.
func (doc *document) offset(n *node) int {
	lines := doc.lines()
	at := len(strings.Join(lines[:n.Line-1], ""))
	line := []rune(lines[n.Line-1])
	return at + len(string(line[:min(n.Column-1, len(line))]))
}
