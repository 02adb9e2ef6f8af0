// Package controlplane runs a Kubernetes control plane for the lab beside its
// emulated VMs, which are too slow to run it themselves: etcd, API server,
// controllers, scheduler, KWOK in the place of all kubelets, and the fake of
// cert-manager.
//
// The cluster's life is tied to an identity that its first node keeps on its
// disk: whoever sets up the node asks for the cluster of that identity, and a
// new disk means a new, empty cluster. Nothing runs until somebody asks.
//
// Etcd's content follows the node's disk too (package registry): when the disk
// is set back, by a snapshot of the VM for one, all but etcd stops, etcd becomes
// what the disk holds, and all goes on from there.
package controlplane
