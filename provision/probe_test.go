package provision

import "testing"

func TestLogin(t *testing.T) {
	for text, want := range map[string]bool{
		"ops@example.org": true, "example.org": true, "root@203.0.113.7": true, "root@2001:db8::1": true, "laptop": true,
		"": false, "-oProxyCommand=x": false, "ops@-x": false, "a b": false, "ops@host;reboot": false, "@host": false,
	} {
		if login.MatchString(text) != want {
			t.Errorf("%q: taken %v, want %v", text, !want, want)
		}
	}
}
