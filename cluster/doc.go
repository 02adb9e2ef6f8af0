// Package cluster drives wire-server-deploy on the admin host, over SSH alone:
// the inventory, the secrets, and the two scripts that take hours. The scripts
// stay unmodified; wrappers that come first on their PATH steer them. Anything
// that may outlive a connection runs as a transient systemd unit (Job), so that
// neither a dropped connection nor a killed wiabctl ends it.
package cluster
