package assets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// sums are what a publisher's SHA256SUMS says: a digest for each file name.
type sums map[string]string

// parseSums reads the lines that sha256sum writes: a digest, a blank, a blank or an
// asterisk, a name. Anything else refuses the whole.
func parseSums(text []byte) (sums, error) {
	found := sums{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" {
			continue
		}
		digest, name, ok := strings.Cut(line, " ")
		digest = strings.ToLower(digest)
		if !ok || !hash64.MatchString(digest) || name == "" || !strings.Contains(" *", name[:1]) {
			return nil, fmt.Errorf("line %d is not a digest and a name", n)
		}
		name = strings.TrimPrefix(name[1:], "./")
		if name == "" {
			return nil, fmt.Errorf("line %d names no file", n)
		}
		if other, twice := found[name]; twice && other != digest {
			return nil, fmt.Errorf("line %d gives %q another digest than a line before", n, name)
		}
		found[name] = digest
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("it lists no file")
	}
	return found, nil
}
