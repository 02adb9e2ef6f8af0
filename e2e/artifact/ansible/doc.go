// Command ansible is what the miniature artifact's tools image calls
// ansible-playbook: it reads Ansible's inventories and a small part of its
// playbook language, prints what Ansible prints and really does the work on
// the machines, over the ssh program.
//
// It knows inventories in YAML (hosts, children, vars, group_vars/all), plays
// with name, hosts, tags and tasks, and tasks with name, tags, register and one
// of shell and copy. Whatever else it meets is an error: it must not succeed at
// what it does not understand.
//
// Like Ansible it shares connections. Unlike Ansible it runs all tasks of a play
// on one host in one SSH session, as root through sudo; it ends a playbook at the
// first play that fails anywhere; a task's shell says that it changed something
// by a line "changed" in its output; and what a play registered can be used from
// the next play on, by all hosts.
//
// A file ansible/fail-once/<playbook file name> makes the next run of that
// playbook fail, once.
package main
