// Package e2e holds the scenarios: what a person does with wiabctl, done in the
// lab, a whole KVM host in a box (package lab), and seen from the lab's internet.
// They drive the binary only and know nothing of its insides.
package e2e
