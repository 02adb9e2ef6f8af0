//go:build race

package ingress

// The race detector takes up to ten times as long (https://go.dev/doc/articles/race_detector).
func init() { hundredLimit *= 10 }
