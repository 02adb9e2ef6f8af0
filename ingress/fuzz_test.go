package ingress

import "testing"

// FuzzParseOverlay demands that an overlay is refused, or what helm and wiabctl read alike: its values can be compared
// with computed ones, and merged into themselves they stay as they are.
func FuzzParseOverlay(f *testing.F) {
	for _, seed := range []string{"a: {b: [1, two]} # wiabctl: override\n", "# nothing\n", "---\n", "a: &a 1\nb: *a\n", "<<: {a: 1}\n", "a: 1\na: 2\n", "? {b: c}\n: d\n", "a: !!binary aGk=\n", "a: 0x1F\nb: 1_000\nc: .inf\nd: ~\n", "a: 1\n---\nb: 2\n"} {
		f.Add([]byte(seed))
	}
	computed := Values{"a": Values{"b": []any{"1"}}, "c": "x"}
	f.Fuzz(func(t *testing.T, text []byte) {
		overlay, err := ParseOverlay(text)
		if err != nil {
			return
		}
		_ = overlay.Conflicts(computed) // any answer will do, a panic will not
		if lines, err := Diff(overlay.Values, Merge(overlay.Values, overlay.Values)); err == nil && len(lines) > 0 {
			t.Errorf("%q merged into itself differs: %q", text, lines)
		}
	})
}
