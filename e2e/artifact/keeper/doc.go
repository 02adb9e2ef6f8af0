// Keeper stands in for etcd on the lab's first kubenode: it holds what etcd
// would hold on the node's disk, so that a disk which is set back takes the
// cluster's objects along. Etcd itself runs beside the control plane on the KVM
// host (e2e/kube/registry), which brings its content here.
//
// It is one file, replaced as a whole and only by those who say what they
// replace. It knows nothing of what the file means.
package main
