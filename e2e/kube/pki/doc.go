// Package pki makes the keys and certificates of a cluster that lives for a
// test: all ECDSA on P-256, which an emulated CPU can still bear.
package pki
