package provision

import (
	"strings"
	"testing"
)

// usualSSHD is what sshd -T prints by default, as far as it matters.
const usualSSHD = "port 22\nlistenaddress [::]:22\nlistenaddress 0.0.0.0:22\npubkeyauthentication yes\nauthorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n"

func TestSSHDRefusal(t *testing.T) {
	for _, test := range []struct{ name, said, says string }{
		{"as it comes", usualSSHD, ""},
		{"on loopback alone", strings.ReplaceAll(usualSSHD, "0.0.0.0:22", "127.0.0.1:22"), ""},
		{"on another port", strings.ReplaceAll(usualSSHD, ":22", ":2222"), "does not listen on 127.0.0.1:22, but on [::]:2222 0.0.0.0:2222"},
		{"on another address", strings.ReplaceAll(usualSSHD, "0.0.0.0:22", "203.0.113.10:22"), "does not listen"},
		{"without keys", strings.ReplaceAll(usualSSHD, "pubkeyauthentication yes", "pubkeyauthentication no"), "PubkeyAuthentication is no"},
		{"keys elsewhere", strings.ReplaceAll(usualSSHD, ".ssh/authorized_keys .ssh/authorized_keys2", "/etc/ssh/keys/%u"), "AuthorizedKeysFile is /etc/ssh/keys/%u"},
		{"keys in the home by its token", strings.ReplaceAll(usualSSHD, ".ssh/authorized_keys ", "%h/.ssh/authorized_keys "), ""},
		{"others allowed", usualSSHD + "allowusers root\nallowusers ops@10.0.0.0/8\n", "AllowUsers names only root ops@10.0.0.0/8"},
		{"allowed", usualSSHD + "allowusers root\nallowusers wire\n", ""},
		{"allowed by pattern", usualSSHD + "allowusers w?r*\n", ""},
		{"allowed from loopback", usualSSHD + "allowusers wire@127.0.0.0/8\n", ""},
		{"allowed from this host by name", usualSSHD + "allowusers wire@local*\n", ""},
		{"allowed from elsewhere", usualSSHD + "allowusers wire@192.0.2.*\n", "AllowUsers names only"},
		{"excepted", usualSSHD + "allowusers !wire\nallowusers *\n", "AllowUsers names only"},
		{"denied", usualSSHD + "denyusers wire\n", "DenyUsers"},
		{"others denied", usualSSHD + "denyusers wirebox\ndenygroups nobody\n", ""},
		{"a group denied", usualSSHD + "denygroups staff\n", "DenyGroups"},
		{"a group allowed", usualSSHD + "allowgroups admin\nallowgroups staff\n", ""},
		{"no group allowed", usualSSHD + "allowgroups admin\n", "AllowGroups names only admin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			why := parseSSHD(test.said).refusal("wire", []string{"wire", "staff"})
			if (why == "") != (test.says == "") || !strings.Contains(why, test.says) {
				t.Errorf("refused because %q, want %q", why, test.says)
			}
		})
	}
}
