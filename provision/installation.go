package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/ssh"

	"wiabctl/assets"
	"wiabctl/cluster"
	"wiabctl/ingress"
	"wiabctl/network"
	"wiabctl/provision/change"
	"wiabctl/vm"
)

// Where things are on the KVM host.
const (
	stateDir  = "/var/lib/wiabctl"
	cacheDir  = "/var/cache/wiabctl"
	imagesDir = "/var/lib/libvirt/images"
	hostsFile = "/etc/hosts"
	sshHost   = "127.0.0.1" // the admin host is the KVM host itself
	sshPort   = "22"
)

// Installation is one configuration and the system it describes.
type Installation struct {
	config   Config
	pipeline *Pipeline
	libvirt  *vm.Connection
	admin    *cluster.Admin
	log      *runLog
}

// Open makes the installation that a configuration describes. Nothing is connected
// or read yet.
func Open(config Config, observe Observer) *Installation {
	i := &Installation{config: config, libvirt: vm.NewConnection()}
	i.admin = &cluster.Admin{Target: i.adminTarget, User: config.Host.User, Dir: i.artifact().Link()}
	i.pipeline = &Pipeline{Steps: i.Steps(), Observe: observe}
	return i
}

// Close ends the connections.
func (i *Installation) Close() error {
	return errors.Join(i.admin.Close(), i.libvirt.Close())
}

// Steps is the pipeline: every stage, and what has to be done before it.
func (i *Installation) Steps() []Step {
	api := &cluster.API{Admin: i.admin}
	return []Step{
		{i.preflight(), nil},
		{i.host(), []string{"preflight"}},
		{i.artifactStage(), []string{"host"}},
		{i.network(), []string{"host"}},
		{i.machines(), []string{"network"}}, // the reservations must be there before the first boot
		{i.inventory(), []string{"assets"}},
		{cluster.Secrets{Admin: i.admin, Store: filepath.Join(stateDir, "secrets")}, []string{"assets"}},
		{cluster.Offline{Admin: i.admin, Artifact: i.config.Artifact.Hash}, []string{"vms", "inventory", "secrets"}},
		{i.helm(api), []string{"cluster"}},
		{i.domains(api), []string{"helm"}},
		{cluster.Certificates{API: api, Want: i.certificateNames()}, []string{"domains"}},
		{i.verify(), []string{"certificates", "network"}},
	}
}
