// Package cmd is the command line: one file per command, each of which parses,
// calls provision and renders the events. Nothing else in wiabctl prints.
package cmd
