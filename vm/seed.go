package vm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// Keys are what a machine is given so that no trust is needed at first contact.
type Keys struct {
	HostPrivate string   // its SSH host key, ed25519 in OpenSSH PEM; never logged
	HostPublic  string   // the public half, one authorized_keys line
	Authorized  []string // who may log in, authorized_keys lines
	Former      *Keys    // those that these replace, as long as the machine may have them; nil: none
}

// Seed is the NoCloud seed of a machine: three files in an image labelled
// cidata (https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html).
type Seed struct {
	UserData, MetaData, NetworkConfig []byte
}

// userData is the part of cloud-init's schema that we use.
type userData struct {
	Hostname       string            `yaml:"hostname"`
	FQDN           string            `yaml:"fqdn"`
	ManageEtcHosts string            `yaml:"manage_etc_hosts"`
	Users          []userEntry       `yaml:"users"`
	SSHPwauth      bool              `yaml:"ssh_pwauth"`
	DisableRoot    bool              `yaml:"disable_root"`
	SSHDeletekeys  bool              `yaml:"ssh_deletekeys"`
	SSHGenkeytypes []string          `yaml:"ssh_genkeytypes"`
	SSHKeys        map[string]string `yaml:"ssh_keys"`
	Timezone       string            `yaml:"timezone,omitempty"`
	Apt            *aptEntry         `yaml:"apt,omitempty"`
	WriteFiles     []fileEntry       `yaml:"write_files,omitempty"`
}

type userEntry struct {
	Name              string   `yaml:"name"`
	Groups            []string `yaml:"groups"`
	Sudo              string   `yaml:"sudo"`
	Shell             string   `yaml:"shell"`
	LockPasswd        bool     `yaml:"lock_passwd"`
	SSHAuthorizedKeys []string `yaml:"ssh_authorized_keys"`
}

// aptEntry is cloud-init's apt; what primary says holds for security updates too.
type aptEntry struct {
	Primary    []aptMirror `yaml:"primary,omitempty"`
	HTTPProxy  string      `yaml:"http_proxy,omitempty"`
	HTTPSProxy string      `yaml:"https_proxy,omitempty"`
	Conf       string      `yaml:"conf,omitempty"`
}

type aptMirror struct {
	Arches []string `yaml:"arches"`
	URI    string   `yaml:"uri"`
}

type fileEntry struct {
	Path    string `yaml:"path"`
	Content string `yaml:"content"`
	Append  bool   `yaml:"append"`
}

type metaData struct {
	InstanceID    string `yaml:"instance-id"`
	LocalHostname string `yaml:"local-hostname"`
}

type networkConfig struct {
	Version   int                 `yaml:"version"`
	Ethernets map[string]ethernet `yaml:"ethernets"`
}

type ethernet struct {
	Match   map[string]string `yaml:"match"`
	SetName string            `yaml:"set-name"`
	DHCP4   bool              `yaml:"dhcp4"`
}

// Seed is the machine's seed with the keys. The instance id follows from its
// content, so cloud-init applies a changed seed anew.
func (m Machine) Seed(keys Keys) (Seed, error) {
	user, err := marshal(m.userData(keys))
	if err != nil {
		return Seed{}, fmt.Errorf("user-data of %s: %w", m.Name, err)
	}
	user = append([]byte("#cloud-config\n"), user...)
	network, err := marshal(m.networkConfig())
	if err != nil {
		return Seed{}, fmt.Errorf("network-config of %s: %w", m.Name, err)
	}
	sum := sha256.Sum256(bytes.Join([][]byte{user, network}, []byte{0}))
	meta, err := marshal(metaData{InstanceID: m.Name + "-" + hex.EncodeToString(sum[:6]), LocalHostname: m.Name})
	if err != nil {
		return Seed{}, fmt.Errorf("meta-data of %s: %w", m.Name, err)
	}
	return Seed{UserData: user, MetaData: meta, NetworkConfig: network}, nil
}

func (m Machine) userData(keys Keys) userData {
	return userData{
		Hostname: m.Name,
		FQDN:     m.Name + ".local",
		// "true" would rewrite /etc/hosts at every boot and lose the lines that
		// Kubernetes and RabbitMQ add to it.
		ManageEtcHosts: "localhost",
		Users: []userEntry{{
			Name:              m.User,
			Groups:            []string{"sudo"},
			Sudo:              "ALL=(ALL) NOPASSWD:ALL",
			Shell:             "/bin/bash",
			LockPasswd:        true,
			SSHAuthorizedKeys: slices.Concat(keys.Authorized, m.Guest.Keys),
		}},
		SSHPwauth:      false,
		DisableRoot:    true,
		SSHDeletekeys:  true,
		SSHGenkeytypes: []string{"ed25519"},
		SSHKeys:        map[string]string{"ed25519_private": keys.HostPrivate, "ed25519_public": keys.HostPublic},
		Timezone:       m.Guest.Timezone,
		Apt:            m.Guest.apt(),
		WriteFiles:     m.Guest.files(),
	}
}

// apt is nil where nothing is to be said.
func (g Guest) apt() *aptEntry {
	entry := aptEntry{HTTPProxy: g.Proxy.HTTP, HTTPSProxy: g.Proxy.HTTPS, Conf: g.Proxy.aptExceptions()}
	if g.AptMirror != "" {
		entry.Primary = []aptMirror{{Arches: []string{"default"}, URI: g.AptMirror}}
	}
	if g.AptMirror == "" && g.Proxy.HTTP == "" && g.Proxy.HTTPS == "" {
		return nil
	}
	return &entry
}

// files are what no other key of cloud-init's writes. PAM takes the last line of a
// name in /etc/environment, so a changed proxy may follow the old one.
func (g Guest) files() []fileEntry {
	text := g.Proxy.environment()
	if text == "" {
		return nil
	}
	return []fileEntry{{Path: "/etc/environment", Content: text, Append: true}}
}

func (m Machine) networkConfig() networkConfig {
	return networkConfig{Version: 2, Ethernets: map[string]ethernet{
		"primary": {Match: map[string]string{"macaddress": m.MAC}, SetName: m.Interface, DHCP4: true},
	}}
}

// Image is the seed as an ISO 9660 image; equal seeds give equal bytes.
func (s Seed) Image() []byte {
	return isoImage("cidata", []isoFile{
		{"meta-data", s.MetaData},
		{"network-config", s.NetworkConfig},
		{"user-data", s.UserData},
	})
}

func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return text.Bytes(), encoder.Close()
}
