// Package e2e holds the scenarios: what a person does with wiabctl, done in the
// lab, a whole KVM host in a box (package lab), and seen from the lab's internet.
// They drive the binary only and know nothing of its insides.
//
// Somebody else's things, one of every kind that wiabctl makes, stand on the lab's
// host from the start, and every scenario has to leave them as they are.
//
// The host stage is tried on fresh machines beside that host. Both are Debian 12, with
// an archive of Debian's packages on the lab's web server: one as it is, one dressed up
// as Ubuntu 22.04, whose own archive a lab without a way out does not have.
//
// The tutorial is a scenario too: what it shows behind a prompt is typed, and has to say what it shows.
//
// WIABCTL_LAB_IMAGE=cloud boots the image with the real cloud-init,
// WIABCTL_LAB_KEEP=1 leaves the lab for a look (labctl --dir .lab/e2e shell) and
// takes it up again at the next run, WIABCTL_SEED=N repeats the moments at which
// TestKilled killed.
package e2e
