package change

import "fmt"

// Invalid is a configuration value that cannot be used. Each part's Spec
// reports its own with paths relative to itself; the loader adds the part's
// name and the line.
type Invalid struct {
	Path    string // "sizes.kubenode.memory", "domains[1].domain"
	Problem string // "is 100 MiB, the least is 256 MiB"
}

// Error joins path and problem.
func (i *Invalid) Error() string { return fmt.Sprintf("%s: %s", i.Path, i.Problem) }

// Invalidf makes an Invalid with a formatted problem.
func Invalidf(path, format string, args ...any) *Invalid {
	return &Invalid{Path: path, Problem: fmt.Sprintf(format, args...)}
}
