// Package lab makes a whole KVM host in a box, and an internet around it, for
// the scenarios under e2e and for people: real systemd, libvirtd, qemu, docker,
// nftables and reboots, without touching the machine it runs on.
//
//	internet namespace                          KVM host (systemd-nspawn)
//	198.51.100.7  the client                    203.0.113.10/24 host0
//	203.0.113.1   DNS, web server, -- inet0 --  libvirtd, docker, sshd, kubebox
//	              ACME server          |
//	                                   |
//	                                   +------  bare machines, as scenarios want them
//
// Everything a lab makes lives in its directory, in one network namespace and
// in a control group for each machine, named after the directory; Down removes all.
// What takes long to build comes from the cache (package recipe).
//
// The network namespace has no way out. Its addresses are of the documentation
// ranges (RFC 5737), its names below the example domains (RFC 2606) and
// those of Let's Encrypt's servers.
package lab
