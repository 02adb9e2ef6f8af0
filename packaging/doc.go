// Package packaging makes the packages (package.sh, nfpm.yaml) and holds the tests that
// look into them: what lies in them, that two builds are the same, that rpm takes one in and out again.
package packaging
