// Package network brings traffic to the virtual machines: the libvirt network
// with their reserved addresses, our own nftables table (the ways in from the
// internet, from the VMs and from the host itself, and a narrow way out), what
// docker's firewall must let through, kernel settings, and the units that bring
// all of it back at boot without wiabctl.
//
// Only what is ours is ever touched: a libvirt network with our mark, the table
// `ip wiabctl`, files and units that bear our name, rules in docker's chain that
// carry our comment.
package network
