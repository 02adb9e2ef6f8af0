package assets

import (
	"fmt"
	"time"

	"wiabctl/provision/change"
)

// meter reports how far a long copy has come, about each second.
type meter struct {
	what  string // "download artifact"
	total int64  // 0 if unknown
	say   change.Progress

	said  time.Time // when the last line was said
	then  int64     // what had come by then
	began bool
}

// at is told how many bytes there are by now.
func (m *meter) at(have int64) {
	now := time.Now()
	if !m.began {
		m.began, m.said, m.then = true, now, have
		return
	}
	passed := now.Sub(m.said)
	if passed < time.Second {
		return
	}
	rate := float64(have-m.then) / passed.Seconds()
	m.said, m.then = now, have
	m.say.Sayf("%s", m.line(have, rate))
}

// line is what is said: bytes, of how many, rate in bytes a second, what remains.
func (m *meter) line(have int64, rate float64) string {
	if m.total <= 0 {
		return fmt.Sprintf("%s: %s, %s/s", m.what, amount(float64(have)), amount(rate))
	}
	line := fmt.Sprintf("%s: %s of %s, %s/s", m.what, amount(float64(have)), amount(float64(m.total)), amount(rate))
	if rate > 0 {
		left := time.Duration(float64(m.total-have) / rate * float64(time.Second))
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return line
}

// amount writes bytes in the binary unit that suits it.
func amount(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	unit := 0
	for n >= 1024 && unit < len(units)-1 {
		n /= 1024
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%.0f B", n)
	}
	return fmt.Sprintf("%.1f %s", n, units[unit])
}
