package ingress

import (
	"errors"
	"iter"
	"strings"
)

// insertions are texts of the file with the domains put where they may belong, the
// likeliest first. YAML's nodes tell where they begin but not where they end, so
// the places are tried.
func (doc *document) insertions(d []Domain) iter.Seq[[]byte] {
	switch {
	case doc.key == nil:
		return doc.atEnd(d)
	case doc.domains.Kind == sequenceNode && doc.domains.Style&flowStyle != 0:
		return doc.inBrackets(d)
	case doc.domains.Kind == sequenceNode && len(doc.domains.Content) > 0:
		return doc.afterItems(d)
	default:
		return doc.afterKey(d)
	}
}

// atEnd starts the list below all else.
func (doc *document) atEnd(d []Domain) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		text := string(doc.text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += doc.lineBreak()
		}
		yield([]byte(text + "domains:" + doc.lineBreak() + doc.items(d, "  ", false)))
	}
}

// afterKey starts the list below a "domains:" without value, or with "null".
func (doc *document) afterKey(d []Domain) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		lines := doc.lines()
		at := doc.key.Line - 1
		if at >= len(lines) {
			return
		}
		line := lines[at]
		for _, null := range []string{"", "null", "~", "Null", "NULL"} {
			bare := line
			if i := strings.Index(line, ":"); i >= 0 && null != "" {
				bare = line[:i] + strings.Replace(line[i:], null, "", 1)
			}
			if !strings.HasSuffix(bare, "\n") {
				bare += doc.lineBreak()
			}
			if !yield(spliced(lines[:at], bare+doc.items(d, "  ", false), lines[at+1:])) {
				return
			}
		}
	}
}

// afterItems adds an item below the last one, in its manner.
func (doc *document) afterItems(d []Domain) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		lines := doc.lines()
		items := doc.domains.Content
		last := items[len(items)-1]
		indent := strings.Repeat(" ", max(doc.domains.Column-1, 0))
		item := doc.items(d, indent, last.Kind == mappingNode && last.Style&flowStyle != 0)
		for at := deepest(last); at <= len(lines); at++ {
			before := strings.Join(lines[:at], "")
			if !strings.HasSuffix(before, "\n") {
				before += doc.lineBreak()
			}
			if !yield([]byte(before + item + strings.Join(lines[at:], ""))) {
				return
			}
		}
	}
}

// inBrackets adds an item behind the last one, or between the brackets of an
// empty list.
func (doc *document) inBrackets(d []Domain) iter.Seq[[]byte] {
	from, before, end := doc.domains, "", "]"
	if n := len(doc.domains.Content); n > 0 {
		from, before, end = doc.domains.Content[n-1], ", ", "}"
	}
	var entries []string
	for item := range strings.Lines(doc.items(d, "", true)) {
		entries = append(entries, strings.TrimSpace(strings.TrimPrefix(item, "- ")))
	}
	item := strings.Join(entries, ", ")
	return func(yield func([]byte) bool) {
		lines := doc.lines()
		if from.Line > len(lines) {
			return
		}
		text := string(doc.text)
		for at := len(strings.Join(lines[:from.Line-1], "")); at < len(text); at++ {
			if !strings.HasPrefix(text[at:], end) {
				continue
			}
			place := at
			if before != "" {
				place += len(end)
			}
			if !yield([]byte(text[:place] + before + item + text[place:])) {
				return
			}
		}
	}
}

// anew writes the file from its nodes, with the domains.
func (doc *document) anew(domains []Domain) ([]byte, error) {
	if doc.domains == nil || doc.domains.Kind != sequenceNode {
		return nil, errors.New("domains is not a list")
	}
	for _, d := range domains {
		entry, err := nodeOf(d)
		if err != nil {
			return nil, err
		}
		doc.domains.Content = append(doc.domains.Content, entry)
	}
	return marshal(&doc.root)
}

// items are the domains as items of a list, with line breaks.
func (doc *document) items(domains []Domain, indent string, flow bool) string {
	var all strings.Builder
	for _, d := range domains {
		all.WriteString(doc.item(d, indent, flow))
	}
	return all.String()
}

// item is the domain as an item of a list.
func (doc *document) item(d Domain, indent string, flow bool) string {
	entry, err := nodeOf(d)
	if err != nil {
		return ""
	}
	if flow {
		entry.Style = flowStyle
	}
	text, err := marshal(entry)
	if err != nil {
		return ""
	}
	var out strings.Builder
	mark := "- "
	for line := range strings.Lines(string(text)) {
		out.WriteString(indent + mark + strings.TrimSuffix(line, "\n") + doc.lineBreak())
		mark = "  "
	}
	return out.String()
}

// nodeOf is the domain as a YAML mapping.
func nodeOf(d Domain) (*node, error) {
	var entry node
	if err := entry.Encode(d); err != nil {
		return nil, err
	}
	return &entry, nil
}

// spliced puts lines before and after a text.
func spliced(before []string, middle string, after []string) []byte {
	return []byte(strings.Join(before, "") + middle + strings.Join(after, ""))
}
