// Package registry keeps the content of the lab's etcd on the disk of the
// cluster's first node, where etcd itself is on a real installation, so that a
// disk which is set back to an earlier state takes the cluster's objects along.
//
// Etcd stays on the KVM host. What makes the cluster, all of /registry/ but
// leases and events, is dumped when it has changed and given to the keeper, a
// small program on the node (e2e/artifact/keeper). A dump is known by its
// generation, the SHA-256 of its bytes. When the keeper shows a generation that
// was not given to it last, the disk is another than it was: the dump that it
// holds then becomes etcd's content, at revisions that go on from where etcd
// was, so that those who watch from before learn that they have to list again.
//
// A change is on the disk a third of a second after the last one, or two
// seconds after the first one if there is no rest. What is younger is lost when
// the disk is set back, as with a real etcd what was never written.
package registry
