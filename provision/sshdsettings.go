package provision

import (
	"net/netip"
	"path"
	"slices"
	"strings"
)

// sshdSettings are what `sshd -T` prints: each keyword in lower case, with all its values.
type sshdSettings map[string][]string

func parseSSHD(said string) sshdSettings {
	settings := sshdSettings{}
	for line := range strings.Lines(said) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			settings[key] = append(settings[key], strings.Fields(value)...)
		}
	}
	return settings
}

// refusal is why sshd would not let the user of these groups in with a key from this host
// itself; empty if it would.
func (s sshdSettings) refusal(name string, groups []string) string {
	groupListed := func(key string) bool {
		return slices.ContainsFunc(groups, func(group string) bool { return listed(s[key], group) })
	}
	switch {
	case !slices.ContainsFunc(s["listenaddress"], answersLoopback):
		return "it does not listen on " + sshHost + ":" + sshPort + ", but on " + strings.Join(s["listenaddress"], " ")
	case slices.Equal(s["pubkeyauthentication"], []string{"no"}):
		return "PubkeyAuthentication is no"
	case !slices.ContainsFunc(s["authorizedkeysfile"], inHome):
		return "AuthorizedKeysFile is " + strings.Join(s["authorizedkeysfile"], " ") + ", without " + authorizedFile
	case listed(s["denyusers"], name):
		return "DenyUsers names the user"
	case len(s["allowusers"]) > 0 && !listed(s["allowusers"], name):
		return "AllowUsers names only " + strings.Join(s["allowusers"], " ")
	case groupListed("denygroups"):
		return "DenyGroups names a group of the user"
	case len(s["allowgroups"]) > 0 && !groupListed("allowgroups"):
		return "AllowGroups names only " + strings.Join(s["allowgroups"], " ")
	default:
		return ""
	}
}

// answersLoopback says whether who listens there answers on 127.0.0.1:22.
func answersLoopback(listen string) bool {
	at, err := netip.ParseAddrPort(listen)
	wants := netip.MustParseAddrPort(sshHost + ":" + sshPort)
	return err == nil && at.Port() == wants.Port() && (at.Addr() == wants.Addr() || at.Addr() == netip.IPv4Unspecified())
}

// inHome says whether the file of authorized keys is the one in the user's home.
func inHome(file string) bool {
	return file == authorizedFile || file == "%h/"+authorizedFile
}

// listed says whether a list of sshd's patterns, perhaps with hosts, covers a name that
// comes from 127.0.0.1 (ssh_config(5), PATTERNS).
func listed(patterns []string, name string) bool {
	found := false
	for _, pattern := range patterns {
		pattern, negated := strings.CutPrefix(pattern, "!")
		who, from, hosts := strings.Cut(pattern, "@")
		matches, err := path.Match(who, name)
		if err != nil || !matches || hosts && !coversLoopback(from) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// coversLoopback says whether a pattern of hosts, or a network, covers 127.0.0.1.
func coversLoopback(pattern string) bool {
	if prefix, err := netip.ParsePrefix(pattern); err == nil {
		return prefix.Contains(netip.MustParseAddr(sshHost))
	}
	return slices.ContainsFunc([]string{sshHost, "localhost"}, func(host string) bool {
		matches, err := path.Match(pattern, host)
		return err == nil && matches
	})
}
