package assets

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mostSums bounds what is read of a list of digests, in bytes.
const mostSums = 1 << 20

// parseSums reads what sha256sum writes: a line for each file, its digest, a blank, a
// blank or an asterisk, its name (coreutils manual, "cksum output modes"). A name with two
// digests is refused, and so is every line of another form.
func parseSums(text []byte) (map[string]string, error) {
	sums := map[string]string{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		sum, name, ok := strings.Cut(line, " ")
		if !ok || !hash64.MatchString(sum) || len(name) < 2 || name[0] != ' ' && name[0] != '*' {
			return nil, fmt.Errorf("line %d is not a digest and a name", number)
		}
		name = name[1:]
		if before, twice := sums[name]; twice && before != sum {
			return nil, fmt.Errorf("line %d gives %q a second digest", number, name)
		}
		sums[name] = sum
	}
	if len(sums) == 0 {
		return nil, errors.New("it holds no digest")
	}
	return sums, nil
}

// listed are the names that the list has digests of, in words.
func listed(sums map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(sums)), ", ")
}
