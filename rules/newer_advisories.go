package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxVersion caps a number of a version, and what rules compare by.
const maxVersion = 1 << 30

// advisable holds advisories to what rules compare and cite of them: each branch, package
// and module that this program has is there, each fix has an id, a bulletin whose address
// is known, and a version of as many numbers as the installed one is compared by.
func advisable(have, given map[string]any) error {
	for _, part := range []string{"nvidia", "packages", "modules"} {
		old, _ := have[part].(map[string]any)
		fresh, _ := given[part].(map[string]any)
		for name, was := range old {
			if err := likewise(part+" "+name, was, fresh[name]); err != nil {
				return err
			}
		}
		for name, entry := range fresh {
			if err := fixes(part, entry, given); err != nil {
				return fmt.Errorf("%s %.80s: %w", part, name, err)
			}
		}
	}
	if text, _ := given["newest_published"].(string); !isDay(text) {
		return errors.New("newest_published is no day")
	}
	return nil
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// fixes checks those of a branch, a package or a module.
func fixes(part string, entry any, given map[string]any) error {
	e, _ := entry.(map[string]any)
	list, ok := e["fixes"].([]any)
	if !ok {
		return errors.New("it has no fixes")
	}
	if part == "packages" {
		if names, _ := e["packages"].([]any); len(names) == 0 || !isDay(fmt.Sprint(e["newest_published"])) {
			return errors.New("it names no package, or no day of its newest bulletin")
		}
	}
	width := 4
	if part == "nvidia" {
		width = 3
	}
	bulletins, _ := given["bulletins"].(map[string]any)
	for _, fix := range list {
		f, _ := fix.(map[string]any)
		id, _ := f["id"].(string)
		bulletin, _ := f["bulletin"].(string)
		if url, _ := bulletins[bulletin].(string); id == "" || !strings.HasPrefix(url, "https://") {
			return errors.New("a fix has no id, or a bulletin without an address")
		}
		if !isVersion(f["fixed"], width) {
			return fmt.Errorf("%.80s: fixed is no version of %d numbers", id, width)
		}
		for _, field := range []string{"from", "certain_from"} {
			if v, there := f[field]; there && !isVersion(v, width) {
				return fmt.Errorf("%.80s: %s is no version of %d numbers", id, field, width)
			}
		}
		if score, there := f["score"]; there {
			if n, ok := score.(float64); !ok || n < 0 || n > 10 {
				return fmt.Errorf("%.80s: its score is none", id)
			}
		}
	}
	return nil
}

func isVersion(v any, width int) bool {
	list, _ := v.([]any)
	for _, n := range list {
		if f, ok := n.(float64); !ok || f < 0 || f > maxVersion || f != float64(int(f)) {
			return false
		}
	}
	return len(list) == width
}
