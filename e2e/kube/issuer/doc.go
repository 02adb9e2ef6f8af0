// Package issuer is a fake of cert-manager for the lab: it reads the same
// Certificate objects and writes the same Secrets and conditions, but nobody is
// asked for a challenge; the lab's own authority signs at once. The real
// cert-manager with a real ACME server is a matter of its own.
//
// It differs from the real one also in this: keys are always ECDSA on P-256,
// and Issuers of any other kind than ACME are refused.
package issuer
