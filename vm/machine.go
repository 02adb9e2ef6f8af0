package vm

import (
	"crypto/sha256"
	"fmt"
	"net/netip"

	"github.com/google/uuid"
)

// Role is what a machine does in the deployment.
type Role string

// The roles of wire-server-deploy's staging topology.
const (
	Assethost Role = "assethost" // serves packages and images to the others
	Kubenode  Role = "kubenode"  // Kubernetes control plane and worker
	Datanode  Role = "datanode"  // databases and queues
)

// MTU is that of the machines' interface, in bytes: neither their network nor their domains
// ask for another.
const MTU = 1500

// Machine is one of the VMs. All of it is known before anything is created.
type Machine struct {
	Deployment string // the deployment it belongs to; part of its mark and identity
	Name       string // hostname, libvirt name and inventory name alike
	Role       Role
	Address    netip.Addr // reserved for MAC in the libvirt network
	MAC        string     // "52:54:00:xx:xx:xx", from deployment and name
	UUID       string     // from deployment and name
	Dimensions
	Accel     Accel
	User      string // its login
	Interface string // the name its network interface gets
	Guest     Guest  // what its system is told; its proxy spares the deployment's own hosts
}

// slot is a machine's fixed place: the last number of its address lies outside
// the DHCP range.
type slot struct {
	name string
	role Role
	host byte
}

// slots is the topology, in the order in which machines are listed.
func slots() []slot {
	return []slot{
		{"assethost", Assethost, 10},
		{"kubenode1", Kubenode, 21},
		{"kubenode2", Kubenode, 22},
		{"kubenode3", Kubenode, 23},
		{"datanode1", Datanode, 31},
		{"datanode2", Datanode, 32},
		{"datanode3", Datanode, 33},
	}
}

// Machines are the seven VMs of the deployment, with addresses in the subnet
// (IPv4, at most /24 long). The Spec must be complete (Defaults, Validate).
func (s *Spec) Machines(deployment string, subnet netip.Prefix) []Machine {
	guest := s.Guest
	guest.Proxy = guest.Proxy.sparing(own(subnet))
	var all []Machine
	for _, at := range slots() {
		all = append(all, Machine{
			Deployment: deployment,
			Name:       at.name,
			Role:       at.role,
			Address:    s.addressOf(at, subnet),
			MAC:        macOf(deployment, at.name),
			UUID:       uuidOf(deployment, at.name),
			Dimensions: s.Sizes.of(at.role),
			Accel:      s.Accel,
			User:       s.User,
			Interface:  s.Interface,
			Guest:      guest,
		})
	}
	return all
}

// addressOf is the address that was given, else the slot's in the subnet.
func (s *Spec) addressOf(at slot, subnet netip.Prefix) netip.Addr {
	if given, ok := s.Access.Machines[at.name]; ok {
		return given.Address
	}
	return nth(subnet, at.host)
}

func (s Sizes) of(role Role) Dimensions {
	switch role {
	case Assethost:
		return s.Assethost
	case Kubenode:
		return s.Kubenode
	default:
		return s.Datanode
	}
}

// nth is the subnet's address with the given last number.
func nth(subnet netip.Prefix, host byte) netip.Addr {
	bytes := subnet.Masked().Addr().As4()
	bytes[3] += host
	return netip.AddrFrom4(bytes)
}

// macOf is in QEMU's range 52:54:00, the rest from a digest of the names.
func macOf(deployment, name string) string {
	sum := sha256.Sum256([]byte(deployment + "/" + name))
	return fmt.Sprintf("52:54:00:%02x:%02x:%02x", sum[0], sum[1], sum[2])
}

// uuidOf is a version 5 UUID under our namespace URI.
func uuidOf(deployment, name string) string {
	ours := uuid.NewSHA1(uuid.NameSpaceURL, []byte(namespace))
	return uuid.NewSHA1(ours, []byte(deployment+"/"+name)).String()
}
