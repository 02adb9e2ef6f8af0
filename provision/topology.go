package provision

import (
	"wiabctl/ingress"
	"wiabctl/vm"
)

// Topology is the way that requests take to the services.
type Topology = ingress.Topology

// Topology follows from the configuration; nobody is asked but the host for its public address.
func (i *Installation) Topology() (Topology, error) {
	public, err := i.publicAddress()
	if err != nil {
		return Topology{}, err
	}
	var nodes []ingress.Kubenode
	for _, m := range i.vms() {
		if m.Role == vm.Kubenode {
			nodes = append(nodes, ingress.Kubenode{Name: m.Name, Address: m.Address,
				Calls: m.Name == i.config.Calling.Node && i.config.Calling.selfHosted()})
		}
	}
	return i.domainSet().Topology(i.config.Ingress.Proxy, public, nodes), nil
}
