// Package vm makes and keeps the seven virtual machines of a deployment: their
// names, addresses and identities (Machine), their libvirt domains, disks and
// cloud-init seeds, and the wait until each is ready (Room).
//
// What is pure (Machine to domain XML, keys to seed image) stands apart from
// what acts (Room). A domain is ours only when its metadata carries our mark;
// a domain or disk of the same name without it is never touched.
package vm
