package provision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Problem is what keeps a configuration from being used.
type Problem struct {
	Line    int    `json:"line,omitempty"` // in the file, from 1; 0 for what is not of the file
	From    string `json:"from,omitempty"` // what overrides the file there: a variable of the environment, or --set
	Path    string `json:"path,omitempty"` // of the field, such as "domains[1].domain"
	Problem string `json:"problem"`
}

// String is the problem in one line, with where it is.
func (p Problem) String() string {
	text := p.Problem
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	switch {
	case p.From != "":
		return p.From + ": " + text
	case p.Line > 0:
		return fmt.Sprintf("line %d: %s", p.Line, text)
	default:
		return text
	}
}

// Problems are all that keep a configuration from being used, in the file's order.
type Problems []Problem

// Error has one problem a line.
func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// with adds what the completed configuration's parts say of its values. Fields that are told of
// already, or that misspelt ones seem to mean, are not told of again.
func (p Problems) with(root *yaml.Node, err error, meant []string, overrides []Override) Problems {
	told := slices.Clone(p)
	for _, invalid := range invalids(err) {
		if told.covers(invalid.Path) || slices.Contains(meant, invalid.Path) {
			continue
		}
		problem := Problem{Path: invalid.Path, Problem: invalid.Problem, From: overridden(invalid.Path, overrides)}
		if problem.From == "" {
			problem.Line = locate(root, invalid.Path)
		}
		p = append(p, problem)
	}
	return p
}

// orNil is nil where there are no problems: an empty list is no error.
func (p Problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

// covers tells whether one of the problems is about the path, or about what it is a part of.
func (p Problems) covers(path string) bool {
	return slices.ContainsFunc(p, func(problem Problem) bool { return below(path, problem.Path) })
}

// below tells whether a field is the other or a part of it.
func below(path, whole string) bool {
	rest, under := strings.CutPrefix(path, whole)
	return under && (whole == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}
