package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

const goodUser = `#cloud-config
hostname: kubenode1
fqdn: kubenode1.local
manage_etc_hosts: localhost
users:
  - name: demo
    groups: [sudo]
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    shell: /bin/bash
    lock_passwd: true
    ssh_authorized_keys: ["ssh-ed25519 AAAA user"]
ssh_pwauth: false
disable_root: true
ssh_deletekeys: true
ssh_genkeytypes: [ed25519]
ssh_keys:
  ed25519_private: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    x
    -----END OPENSSH PRIVATE KEY-----
  ed25519_public: ssh-ed25519 BBBB host
`

const (
	goodMeta    = "instance-id: one\nlocal-hostname: kubenode1\n"
	goodNetwork = `version: 2
ethernets:
  primary:
    match: {macaddress: "52:54:00:00:00:01"}
    set-name: enp1s0
    dhcp4: true
`
)

func seedFiles(user, meta, network string) fstest.MapFS {
	return fstest.MapFS{
		"user-data":      {Data: []byte(user)},
		"meta-data":      {Data: []byte(meta)},
		"network-config": {Data: []byte(network)},
	}
}

func TestReadSeed(t *testing.T) {
	s, err := readSeed(seedFiles(goodUser, goodMeta, goodNetwork))
	if err != nil {
		t.Fatal(err)
	}
	e := s.Network.Ethernets["primary"]
	if s.User.Hostname != "kubenode1" || s.Meta.InstanceID != "one" || e.SetName != "enp1s0" || !e.DHCP4 {
		t.Errorf("read %+v", s)
	}
	if u := s.User.Users[0]; u.Name != "demo" || u.Groups[0] != "sudo" || !u.LockPassword {
		t.Errorf("user %+v", u)
	}
}

func TestReadSeedRefuses(t *testing.T) {
	for _, c := range []struct {
		name                string
		user, meta, network string
		want                string // in the error
	}{
		{"no header", strings.Replace(goodUser, "#cloud-config", "# cloud-config", 1), goodMeta, goodNetwork, "not with #cloud-config"},
		{"an unknown key", goodUser + "pakages: [curl]\n", goodMeta, goodNetwork, "field pakages not found"},
		{"an unknown key of a user", strings.Replace(goodUser, "lock_passwd", "lock_password", 1), goodMeta, goodNetwork, "field lock_password not found"},
		{"a network block in user-data", goodUser + "network: {version: 2}\n", goodMeta, goodNetwork, "field network not found"},
		{"a rewritten hosts file", strings.Replace(goodUser, "localhost", "true", 1), goodMeta, goodNetwork, "manage_etc_hosts"},
		{"nobody can log in", strings.Replace(goodUser, `["ssh-ed25519 AAAA user"]`, "[]", 1), goodMeta, goodNetwork, "nobody could log in"},
		{"a key that is no PEM", strings.ReplaceAll(goodUser, "OPENSSH PRIVATE KEY", "THING"), goodMeta, goodNetwork, "no PEM private key"},
		{"no instance", goodUser, "local-hostname: kubenode1\n", goodNetwork, "no instance-id"},
		{"another network version", goodUser, goodMeta, strings.Replace(goodNetwork, "2", "1", 1), "version is 1"},
		{"an interface without address", goodUser, goodMeta, "version: 2\nethernets: {primary: {set-name: enp1s0}}\n", "no match.macaddress"},
		{"two documents", goodUser, goodMeta + "---\na: b\n", goodNetwork, "more than one document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readSeed(seedFiles(c.user, c.meta, c.network))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestReadSeedNeedsAllFiles(t *testing.T) {
	for _, missing := range []string{"user-data", "meta-data", "network-config"} {
		t.Run(missing, func(t *testing.T) {
			files := seedFiles(goodUser, goodMeta, goodNetwork)
			delete(files, missing)
			if _, err := readSeed(files); err == nil || !strings.Contains(err.Error(), missing) {
				t.Errorf("error %v, want one that names %s", err, missing)
			}
		})
	}
}
