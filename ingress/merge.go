package ingress

import "maps"

// Merge is what helm makes of two layers: maps are merged, all else of the upper one takes
// the place of the lower one's. Neither is changed.
func Merge(lower, upper Values) Values {
	merged := maps.Clone(lower)
	if merged == nil {
		merged = Values{}
	}
	for key, value := range upper {
		below, ok := merged[key].(Values)
		if above, both := value.(Values); ok && both {
			value = Merge(below, above)
		}
		merged[key] = value
	}
	return merged
}
