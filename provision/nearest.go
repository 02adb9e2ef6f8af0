package provision

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the known word that a misspelt one likely means, empty where none is near: at
// most three letters, and half of them, are other ones.
func Nearest(word string, known []string) string {
	word = strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	nearest, least := "", min(3, len(word)/2)+1
	for _, candidate := range known {
		plain := strings.ToLower(strings.ReplaceAll(candidate, "-", "_"))
		if distance := levenshtein.ComputeDistance(word, plain); distance < least {
			nearest, least = candidate, distance
		}
	}
	return nearest
}
