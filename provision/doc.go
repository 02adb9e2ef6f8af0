// Package provision holds what makes wiabctl one tool: the configuration, the
// stages in one visible slice (Installation.Steps), the pipeline that compares and
// changes, the run lock, the record of runs, the preflight, what is told to people who
// look on or help (report, support), and the host itself. It is where the parts
// meet that know nothing of each other: vm, network, cluster, ingress and assets.
package provision
