// Ingressd stands in for ingress-nginx and the services behind it on the
// kubenodes of the lab, where no container runs. It follows the Kubernetes API
// and answers on the ingress' NodePorts as the objects there say, so that a
// request from outside proves the whole way: DNS, firewall, Ingress,
// certificate, and the value that a chart wrote.
//
// What it mimics is what can be seen from outside. It is not a proxy: the
// services' answers are made up here (backends.go), from ConfigMaps and
// Deployments.
package main
