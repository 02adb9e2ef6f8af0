// Kubebox is Kubernetes for the lab in one static binary: by the name it is
// called by, or by its first argument, it is etcd, one of the control plane's
// programs, KWOK, kubectl or yq, all upstream's own code at pinned versions;
// or "controlplane" (package controlplane), which runs the others.
//
// Helm keeps its commands in a package main that cannot be imported, so it is a
// binary of its own, a tool of this module. Both are built by
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "$(cat ldflags)" -o DIR/kubebox .
//	CGO_ENABLED=0 go build -trimpath -ldflags "$(cat ldflags)" -o DIR/helm helm.sh/helm/v3/cmd/helm
//
// It is a module of its own to keep these dependencies out of wiabctl's.
package main
