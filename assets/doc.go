// Package assets brings what an installation needs from outside, once and
// whole: downloads into a cache, the wire-server-deploy artifact unpacked beside
// its other versions, the base image of the VMs, and the SSH keys.
//
// What lies under its final name is complete: everything is made under a
// ".part" name, verified, synced to the disk and renamed last. So an interrupted
// run leaves nothing that the next one takes for whole.
//
// The artifact is a flat tar: bin/, ansible/, charts/ and values/ are at its top.
// Its publisher gives neither a checksum nor a signature; a digest that the user
// configures is therefore binding, and else that of the first whole file that came.
package assets
