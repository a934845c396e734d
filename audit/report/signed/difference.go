package signed

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// firstDifference is the JSON pointer of the first place, in the order of names,
// where two documents differ.
func firstDifference(at string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return at
		}
		names := slices.Sorted(maps.Keys(x))
		for name := range y {
			if _, ok := x[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if !reflect.DeepEqual(x[name], y[name]) {
				return firstDifference(at+"/"+name, x[name], y[name])
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok {
			return at
		}
		for i := range min(len(x), len(y)) {
			if !reflect.DeepEqual(x[i], y[i]) {
				return firstDifference(fmt.Sprintf("%s/%d", at, i), x[i], y[i])
			}
		}
		if len(x) != len(y) {
			return fmt.Sprintf("%s: %d and %d entries", at, len(x), len(y))
		}
	}
	if at == "" {
		return "the spelling of the whole"
	}
	return at
}
