package cluster

import (
	"strings"
	"testing"
	"time"
)

// Hours of output stay readable: a line each two seconds, the newest then.
func TestNewest(t *testing.T) {
	var said []string
	reader := &newest{say: func(line string) { said = append(said, line) }}
	for _, line := range []string{"", "one", "two", "three"} {
		reader.Line(line)
	}
	reader.said = time.Now().Add(-sayEvery)
	reader.Line("four")
	reader.Line("five")
	if strings.Join(said, " ") != "one four" || reader.Failure() != "" {
		t.Errorf("said %q, and of a failure %q", said, reader.Failure())
	}
}
