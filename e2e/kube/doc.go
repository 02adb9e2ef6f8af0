// Kubebox is Kubernetes for the lab in one static binary: by the name it is
// called by, or by its first argument, it is etcd, one of the control plane's
// programs, KWOK, kubectl or yq, all upstream's own code at pinned versions;
// or "controlplane" (package controlplane), which runs the others.
//
// Beside it are binaries of their own: helm, which keeps its commands in a package main
// that cannot be imported; cert-manager, which is as large as half of Kubernetes and not
// for the tools container; and acme, which the lab's internet runs. Each is built by
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "$(cat ldflags)" -o DIR/NAME PACKAGE
//
// It is a module of its own to keep these dependencies out of wiabctl's.
package main
