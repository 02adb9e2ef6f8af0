package main

import (
	"maps"
	"reflect"
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	cases := map[string]struct {
		args string
		want options
		bad  string
	}{
		"as offline-cluster.sh calls": {
			args: "-i inv.yml ansible/kubernetes.yml --skip-tags bootstrap-os,multus",
			want: options{inventory: "inv.yml", skipTags: []string{"bootstrap-os", "multus"}, extra: map[string]string{}, playbooks: []string{"ansible/kubernetes.yml"}},
		},
		"verbose, joined, extra": {
			args: "--inventory=inv.yml a.yml -vv --tags=x -e a=b",
			want: options{inventory: "inv.yml", verbose: true, tags: []string{"x"}, extra: map[string]string{"a": "b"}, playbooks: []string{"a.yml"}},
		},
		"no inventory":     {args: "a.yml", bad: "no inventory"},
		"no playbook":      {args: "-i inv.yml", bad: "must specify a playbook"},
		"unknown option":   {args: "-i inv.yml --check=yes a.yml", bad: "unrecognized"},
		"unknown flag":     {args: "-i inv.yml a.yml --check", bad: "unknown"},
		"odd extra":        {args: "-i inv.yml a.yml -e @file", bad: "key=value"},
		"second inventory": {args: "-i a -i b c.yml", bad: "more than one"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseOptions(strings.Fields(c.args))
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Errorf("error is %v, want one with %q", err, c.bad)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestSSHArgs(t *testing.T) {
	h := host{name: "one", vars: vars{
		"ansible_host": "192.0.2.1", "ansible_user": "demo", "ansible_ssh_private_key_file": "ssh/key",
		"ansible_ssh_common_args": "-o UserKnownHostsFile=ssh/known_hosts -o StrictHostKeyChecking=yes",
	}}
	const share = "-o ControlMaster=auto -o ControlPersist=60s -o ControlPath=/c/%C "
	base := `-o IdentityFile="ssh/key" -o BatchMode=yes -o ConnectTimeout=10 -o LogLevel=ERROR -o User="demo" -o UserKnownHostsFile=ssh/known_hosts -o StrictHostKeyChecking=yes`
	cases := map[string]struct {
		cfg  sshConfig
		more vars
		want string
	}{
		"strict":                      {sshConfig{hostKeyChecking: true, controlDir: "/c"}, nil, share + base},
		"ansible.cfg beats arguments": {sshConfig{controlDir: "/c"}, nil, share + "-o StrictHostKeyChecking=no " + base},
		"variable beats ansible.cfg":  {sshConfig{controlDir: "/c"}, vars{"ansible_host_key_checking": true}, share + base},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			one := host{name: h.name, vars: maps.Clone(h.vars)}
			maps.Copy(one.vars, c.more)
			got, err := one.sshArgs(c.cfg)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got  %s, %v\nwant %s", strings.Join(got, " "), err, c.want)
			}
		})
	}
	h.vars["ansible_ssh_common_args"] = `-o ProxyCommand="nc x"`
	if _, err := h.sshArgs(sshConfig{}); err == nil {
		t.Error("quotes were taken")
	}
}
