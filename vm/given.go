package vm

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// Provider says where the machines come from.
type Provider string

// The providers.
const (
	Libvirt  Provider = "libvirt"  // wiabctl makes them on this host
	External Provider = "external" // they are there already, whoever made them
)

// Given is a machine that is there already.
type Given struct {
	Address netip.Addr `yaml:"address" jsonschema:"required"` // where this host reaches it
}

// Access is how machines that are there already are reached.
type Access struct {
	Machines   map[string]Given `yaml:"machines,omitempty"`    // by name, all seven
	Key        string           `yaml:"key,omitempty"`         // file of the private key that opens them, absolute
	KnownHosts string           `yaml:"known_hosts,omitempty"` // file of their host keys (sshd(8)), absolute
}

// validate reports what cannot be used; what is needed for external machines is
// refused where there are none, for it would have no effect.
func (a Access) validate(provider Provider) error {
	if provider != External {
		return a.unwanted(provider)
	}
	var errs []error
	for _, name := range Names() {
		if _, ok := a.Machines[name]; !ok {
			errs = append(errs, change.Invalidf("machines", "%s is missing", name))
		}
	}
	taken := map[netip.Addr]string{}
	for _, name := range slices.Sorted(maps.Keys(a.Machines)) {
		path, address := "machines."+name+".address", a.Machines[name].Address
		switch other := taken[address]; {
		case !slices.Contains(Names(), name):
			errs = append(errs, change.Invalidf("machines."+name, "is none of %s", strings.Join(Names(), ", ")))
		case !address.Is4() || address.IsUnspecified() || address.IsLoopback() || address.IsMulticast():
			errs = append(errs, change.Invalidf(path, "%q is not the IPv4 address of a machine", address))
		case other != "":
			errs = append(errs, change.Invalidf(path, "%s is that of %s too", address, other))
		default:
			taken[address] = name
		}
	}
	for _, file := range []struct{ path, name string }{{"key", a.Key}, {"known_hosts", a.KnownHosts}} {
		if !filepath.IsAbs(file.name) {
			errs = append(errs, change.Invalidf(file.path, "%q is not the absolute path of a file", file.name))
		}
	}
	return errors.Join(errs...)
}

func (a Access) unwanted(provider Provider) error {
	var errs []error
	for _, field := range []struct {
		path  string
		given bool
	}{{"machines", len(a.Machines) > 0}, {"key", a.Key != ""}, {"known_hosts", a.KnownHosts != ""}} {
		if field.given {
			errs = append(errs, change.Invalidf(field.path, "is for provider: %s, and the provider is %s", External, provider))
		}
	}
	return errors.Join(errs...)
}

// Outside lists the given addresses that do not lie in the subnet.
func (a Access) Outside(subnet netip.Prefix) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Machines)) {
		if address := a.Machines[name].Address; address.Is4() && !subnet.Contains(address) {
			errs = append(errs, change.Invalidf(fmt.Sprintf("machines.%s.address", name), "%s does not lie in network.subnet, %s", address, subnet))
		}
	}
	return errors.Join(errs...)
}
