package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"gopkg.in/yaml.v3"
)

// Seed is a NoCloud seed: what the VM shall be.
type Seed struct {
	User    UserData
	Meta    MetaData
	Network NetworkConfig
}

// UserData is the part of cloud-config that the lab's seeds may use.
type UserData struct {
	Hostname       string   `yaml:"hostname"`
	FQDN           string   `yaml:"fqdn"`
	ManageEtcHosts string   `yaml:"manage_etc_hosts"`
	Users          []User   `yaml:"users"`
	PasswordLogins bool     `yaml:"ssh_pwauth"`
	DisableRoot    bool     `yaml:"disable_root"`
	DeleteHostKeys bool     `yaml:"ssh_deletekeys"`
	HostKeyTypes   []string `yaml:"ssh_genkeytypes"`
	HostKeys       HostKeys `yaml:"ssh_keys"`
	Timezone       string   `yaml:"timezone"`
	Apt            *Apt     `yaml:"apt"`
	Files          []File   `yaml:"write_files"`
}

// User is one account.
type User struct {
	Name           string   `yaml:"name"`
	Groups         []string `yaml:"groups"`
	Sudo           string   `yaml:"sudo"`
	Shell          string   `yaml:"shell"`
	LockPassword   bool     `yaml:"lock_passwd"`
	AuthorizedKeys []string `yaml:"ssh_authorized_keys"`
}

// HostKeys are the VM's own SSH keys.
type HostKeys struct {
	Private string `yaml:"ed25519_private"` // PEM
	Public  string `yaml:"ed25519_public"`  // one line, as in a .pub file
}

// MetaData names the instance; another instance-id makes a first boot again.
type MetaData struct {
	InstanceID    string `yaml:"instance-id"`
	LocalHostname string `yaml:"local-hostname"`
}

// NetworkConfig is netplan's version 2.
type NetworkConfig struct {
	Version   int                 `yaml:"version"`
	Ethernets map[string]Ethernet `yaml:"ethernets"`
}

// Ethernet is one interface, found by its MAC address.
type Ethernet struct {
	Match struct {
		MACAddress string `yaml:"macaddress"`
	} `yaml:"match"`
	SetName string `yaml:"set-name"`
	DHCP4   bool   `yaml:"dhcp4"`
	DHCP6   bool   `yaml:"dhcp6"`
}

// readSeed reads user-data, meta-data and network-config; all must be there.
func readSeed(files fs.FS) (*Seed, error) {
	var s Seed
	user, err := fs.ReadFile(files, "user-data")
	if err != nil {
		return nil, err
	}
	if first, _, _ := strings.Cut(string(user), "\n"); strings.TrimRight(first, " \r") != "#cloud-config" {
		return nil, fmt.Errorf("user-data begins with %q, not with #cloud-config", first)
	}
	meta, err := fs.ReadFile(files, "meta-data")
	if err != nil {
		return nil, err
	}
	network, err := fs.ReadFile(files, "network-config")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		strict("user-data", user, &s.User),
		strict("meta-data", meta, &s.Meta),
		strict("network-config", network, &s.Network),
	)
	if err != nil {
		return nil, err
	}
	return &s, s.check()
}

// strict decodes one document and refuses keys that into does not have.
func strict(name string, data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document", name)
	}
	return nil
}

// check finds what is missing, all at once.
func (s *Seed) check() error {
	var errs []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	must(s.Meta.InstanceID != "", "meta-data: no instance-id")
	must(s.User.Hostname != "", "user-data: no hostname")
	must(s.User.ManageEtcHosts == "" || s.User.ManageEtcHosts == "localhost",
		"user-data: manage_etc_hosts is %q; only localhost is known here", s.User.ManageEtcHosts)
	must(len(s.User.Users) > 0, "user-data: no users")
	for i, u := range s.User.Users {
		must(u.Name != "", "user-data: users[%d]: no name", i)
		must(len(u.AuthorizedKeys) > 0, "user-data: users[%d]: no ssh_authorized_keys, nobody could log in", i)
	}
	must(strings.Contains(s.User.HostKeys.Private, "PRIVATE KEY"), "user-data: ssh_keys.ed25519_private is no PEM private key")
	must(strings.HasPrefix(s.User.HostKeys.Public, "ssh-ed25519 "), "user-data: ssh_keys.ed25519_public is no ssh-ed25519 key")
	must(s.Network.Version == 2, "network-config: version is %d, want 2", s.Network.Version)
	must(len(s.Network.Ethernets) > 0, "network-config: no ethernets")
	for name, e := range s.Network.Ethernets {
		must(e.Match.MACAddress != "", "network-config: %s: no match.macaddress", name)
		must(e.SetName != "", "network-config: %s: no set-name", name)
	}
	errs = append(errs, s.User.Apt.check())
	for _, f := range s.User.Files {
		errs = append(errs, f.check())
	}
	return errors.Join(errs...)
}
