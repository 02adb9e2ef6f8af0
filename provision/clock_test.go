package provision

import (
	"testing"
	"time"

	"wiabctl/provision/change"
)

func TestSynchronised(t *testing.T) {
	const inserting, fine = 1, 0x2001 // TIME_INS; STA_PLL, STA_NANO
	for _, tc := range []struct {
		name          string
		state, status int
		want          string
	}{
		{"kept right", 0, fine, ""},
		{"before a leap second", inserting, fine, ""},
		{"nobody keeps it", 5, 0x40, "warning clock-unsynchronised: the kernel calls the clock unsynchronised"},
		{"only the status says so", 0, fine | 0x40, "warning clock-unsynchronised: the kernel calls the clock unsynchronised"},
		{"only the state says so", 5, fine, "warning clock-unsynchronised: the kernel calls the clock unsynchronised"},
	} {
		if got := told(check{}.findings(synchronised(tc.state, tc.status))); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if err := clockCheck(t.Context()); err != nil && change.SeverityOf(err) != change.Serious {
		t.Errorf("this host's clock: %v", err)
	}
}

func TestClockAgainst(t *testing.T) {
	there := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for off, want := range map[time.Duration]string{
		0:                 "",
		30 * time.Second:  "",
		-30 * time.Second: "",
		31 * time.Second:  "warning clock-wrong: the clock is 31s ahead of that of acme",
		-3 * time.Hour:    "warning clock-wrong: the clock is 3h0m0s behind that of acme",
	} {
		if got := told(check{}.findings(clockAgainst("acme", there, there.Add(off)))); got != want {
			t.Errorf("%s off: %q, want %q", off, got, want)
		}
	}
	if err := clockAgainst("acme", time.Time{}, there); err != nil {
		t.Errorf("a server that does not tell: %v", err)
	}
}
