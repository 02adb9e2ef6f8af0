package provision

import (
	"context"
	"net/netip"
	"os"
	"os/user"

	"wiabctl/network"
)

// loginCheck finds out whether this host's sshd, if it is there, will let wiabctl log in
// as the deploy user.
func (u deployUser) loginCheck(ctx context.Context) error {
	if _, err := os.Stat("/etc/ssh/sshd_config"); err != nil {
		return nil //nolint:nilerr // it comes with the host's packages, and then lets the user in
	}
	said, err := output(ctx, nil, "/usr/sbin/sshd", "-T", "-C", "user="+u.Name+",host=localhost,addr="+sshHost+",laddr="+sshHost+",lport="+sshPort)
	if err != nil {
		return LoginRefused.Warnf("whether sshd lets %s in is not known: %w", u.Name, err)
	}
	if why := parseSSHD(said).refusal(u.Name, u.groups()); why != "" {
		return LoginRefused.Failf("sshd will not let %s in from this host: %s", u.Name, why)
	}
	listens, err := network.Listens(netip.MustParseAddrPort(sshHost + ":" + sshPort))
	if err == nil && !listens {
		return LoginRefused.Failf("sshd is installed and does not run: nobody listens on %s:%s", sshHost, sshPort).By("systemctl enable --now ssh")
	}
	return err
}

// groups are the names of the account's groups, or what they will be.
func (u deployUser) groups() []string {
	account, err := user.Lookup(u.Name)
	if err != nil {
		return []string{u.Name}
	}
	ids, err := account.GroupIds()
	if err != nil {
		return nil
	}
	var names []string
	for _, id := range ids {
		if group, err := user.LookupGroupId(id); err == nil {
			names = append(names, group.Name)
		}
	}
	return names
}
