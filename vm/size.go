package vm

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Size is an amount of memory or disk in bytes, written as "9216MiB" or
// "150GiB".
type Size int64

// The units a Size may be written in.
const (
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

var sizeText = regexp.MustCompile(`^([1-9][0-9]{0,9}) ?(MiB|GiB|TiB)$`)

// UnmarshalText reads a whole number with its unit: MiB, GiB or TiB.
func (s *Size) UnmarshalText(text []byte) error {
	found := sizeText.FindSubmatch(text)
	if found == nil {
		return fmt.Errorf("%q is not a size such as 9216MiB or 150GiB", text)
	}
	unit := map[string]Size{"MiB": MiB, "GiB": GiB, "TiB": TiB}[string(found[2])]
	number, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil || number > math.MaxInt64/int64(unit) {
		return fmt.Errorf("%q is too large", text)
	}
	*s = Size(number) * unit
	return nil
}

// MarshalText writes the size as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// rounded is the size without what people do not ask about: to the GiB from 10 GiB on.
func (s Size) rounded() Size {
	if s >= 10*GiB {
		return s - s%GiB
	}
	return s
}

// String is the size in the largest unit that needs no fraction; bytes that
// fill no MiB are cut off.
func (s Size) String() string {
	switch {
	case s >= TiB && s%TiB == 0:
		return fmt.Sprintf("%dTiB", s/TiB)
	case s >= GiB && s%GiB == 0:
		return fmt.Sprintf("%dGiB", s/GiB)
	default:
		return fmt.Sprintf("%dMiB", s/MiB)
	}
}
