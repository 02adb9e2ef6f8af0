// Package redact takes secrets out of text that is to leave the host: those that are known, wherever and however
// they are written, and what looks like one. It imports nothing of ours.
package redact
