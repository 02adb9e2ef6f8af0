package cmd

import (
	"bytes"
	"testing"
	"time"

	"wiabctl/provision"
)

func TestRenderKeys(t *testing.T) {
	user := provision.KeyInfo{Name: "user", Fingerprint: "SHA256:new", Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local), Use: "opens the VMs, as demo"}
	old := user
	old.Fingerprint, old.Old = "SHA256:old", true
	var out bytes.Buffer
	for _, all := range [][]provision.KeyInfo{nil, {user, old}} {
		if err := renderKeys(&out, all); err != nil {
			t.Fatal(err)
		}
	}
	want := `there are no keys yet; ` + "`wiabctl up`" + ` makes them
NAME  FINGERPRINT  MADE                 USE
user  SHA256:new   2026-01-02 03:04:05  opens the VMs, as demo
user  SHA256:old   2026-01-02 03:04:05  replaced, not gone everywhere yet: opens the VMs, as demo
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
