package provision

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the known word that a misspelt one likely means; empty where none is near: a
// third of its letters may be other ones.
func Nearest(word string, known []string) string {
	word = strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	nearest, least := "", len(word)/3+1
	for _, candidate := range known {
		plain := strings.ToLower(strings.ReplaceAll(candidate, "-", "_"))
		if distance := levenshtein.ComputeDistance(word, plain); distance < least {
			nearest, least = candidate, distance
		}
	}
	return nearest
}
