package main

import "testing"

// Keys are added, as cloud-init does: nobody who was let in before is shut out.
func TestAuthorize(t *testing.T) {
	for _, c := range []struct{ name, had, want string }{
		{"first boot", "", "ssh-ed25519 NEW new\n"},
		{"another key", "ssh-ed25519 OLD old\n", "ssh-ed25519 OLD old\nssh-ed25519 NEW new\n"},
		{"the same again", "ssh-ed25519 NEW new\n", "ssh-ed25519 NEW new\n"},
		{"the same with options", "# mine\nfrom=\"::1\" ssh-ed25519 NEW x\nssh-rsa OLD\n", "# mine\nssh-ed25519 NEW new\nssh-rsa OLD\n"},
		{"no end of the last line", "ssh-ed25519 OLD", "ssh-ed25519 OLD\nssh-ed25519 NEW new\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := authorize(c.had, []string{"ssh-ed25519 NEW new"}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
