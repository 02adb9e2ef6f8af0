package ingress

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Leak is a place in an answer of one domain that names another domain of the backend.
type Leak struct {
	Kind  string // certificate, header, redirect, policy, deeplink or body
	Where string // the URL, and the header if it is one
	Name  string // the host name that stands there
	Of    string // the domain whose it is
	Known string // why it cannot be avoided with this release; empty if it can
}

// String is the leak in words.
func (l Leak) String() string { return fmt.Sprintf("the %s of %s names %s", l.Kind, l.Where, l.Name) }

// leaks finds every other domain's name in the answers of a domain, each once by kind and place. What
// sftd says is left out: it is at the default domain, and its CORS header names who asks.
func (s Set) leaks(domain string, fixed Fixed, got answers) []Leak {
	find := s.finder(domain)
	var all []Leak
	for _, question := range slices.Sorted(maps.Keys(got)) {
		a := got[question]
		if question == "sft" {
			continue
		}
		for _, l := range a.leaks(find) {
			if l.Kind == "body" && question == "deeplink" {
				l.Kind = "deeplink"
			}
			l.Known = s.unavoidable(fixed, question, l)
			if !slices.Contains(all, l) { // several answers come under one certificate
				all = append(all, l)
			}
		}
	}
	return all
}

// leaks are those of one answer; find returns the names of others in a text, with their domains.
func (a Answer) leaks(find func(string) map[string]string) []Leak {
	var all []Leak
	note := func(kind, where, text string) {
		found := find(text)
		for _, name := range slices.Sorted(maps.Keys(found)) {
			all = append(all, Leak{Kind: kind, Where: where, Name: name, Of: found[name]})
		}
	}
	note("certificate", hostOf(a.URL), strings.Join(a.Words, " "))
	for _, header := range slices.Sorted(maps.Keys(a.Header)) {
		kind := "header"
		switch header {
		case "Location", "Refresh":
			kind = "redirect"
		case policyHeader, policyHeader + "-Report-Only":
			kind = "policy"
		}
		note(kind, a.URL+" ("+header+")", strings.Join(a.Header[header], " "))
	}
	note("body", a.URL, string(a.Body))
	return all
}

// finder returns a function that finds the host names in a text that belong to another domain of the
// set: to which one, its longest suffix in the set decides, for one domain may lie below another.
func (s Set) finder(own string) func(string) map[string]string {
	domains := map[string]bool{}
	for _, d := range s.all() {
		domains[d] = true
	}
	return func(text string) map[string]string {
		found := map[string]string{}
		for _, name := range hostNames(text) {
			if of := longestSuffix(name, domains); of != "" && of != own {
				found[name] = of
			}
		}
		return found
	}
}

// longestSuffix is the domain that a name is or lies below, the longest of several.
func longestSuffix(name string, domains map[string]bool) string {
	for {
		if domains[name] {
			return name
		}
		_, parent, ok := strings.Cut(name, ".")
		if !ok {
			return ""
		}
		name = parent
	}
}

// LeakCheck is the name of the leak test among the checks.
const LeakCheck = "leaks"

// leakFinding is the leak test as a check: what can be avoided is a problem, of the rest each reason a note.
func (s Set) leakFinding(domain string, fixed Fixed, got answers) Finding {
	f := Finding{Check: LeakCheck}
	var problems []string
	told := map[string]bool{}
	for _, l := range s.leaks(domain, fixed, got) {
		switch {
		case l.Known == "":
			problems = append(problems, l.String())
		case !told[l.Known]:
			told[l.Known] = true
			f.Notes = append(f.Notes, l.String()+": "+l.Known)
		}
	}
	f.Problem = strings.Join(problems, "; ")
	return f
}
