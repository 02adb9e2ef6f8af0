// Ingressd stands in for ingress-nginx and the services behind it on the
// kubenodes of the lab, where no container runs. It follows the Kubernetes API
// and answers on the ingress' NodePorts as the objects there say, so that a
// request from outside proves the whole way: DNS, firewall, Ingress,
// certificate, and the value that a chart wrote.
//
// Beside, it lets through what pods on the node would send (proxy.go): cert-manager's,
// which runs elsewhere.
//
// What it mimics is what can be seen from outside. The services' answers are made up
// here (backends.go), from ConfigMaps, Deployments and the Pods of cert-manager's solver.
package main
