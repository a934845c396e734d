package advisory

import (
	"fmt"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

// ParseTargets reads what the versions of products are compared with, PRODUCT=TARGET each.
func ParseTargets(maps []string) (map[string]Target, error) {
	targets := map[string]Target{}
	for _, m := range maps {
		product, to, found := strings.Cut(m, "=")
		if !found || product == "" {
			return nil, fmt.Errorf("--map %.80q: want PRODUCT=nvidia-driver, PRODUCT=module:NAME or PRODUCT=package:NAME", m)
		}
		target, err := ParseTarget(to)
		if err != nil {
			return nil, fmt.Errorf("--map %.80q: %w", m, err)
		}
		targets[product] = target
	}
	return targets, nil
}

// maxBytes caps the documents that are read together.
const maxBytes = 3 * Limit

// ReadFiles reads documents, which are held together until they are added.
func ReadFiles(names []string) ([]*input.File, error) {
	var files []*input.File
	left := maxBytes
	for _, name := range names {
		f, err := input.Read(name, Limit)
		if err != nil {
			return nil, err
		}
		if left -= len(f.Data); left < 0 {
			return nil, fmt.Errorf("%s: all documents together are %w than %d bytes: add some first, and the others to what that gives (--base)", name, input.ErrTooLarge, maxBytes)
		}
		files = append(files, f)
	}
	return files, nil
}

// AddFiles adds the advisories in files to data, of the day of now.
func AddFiles(base []byte, files []*input.File, targets map[string]Target, now time.Time) (*Result, error) {
	var list []*Advisory
	for _, f := range files {
		read, err := Read(f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		list = append(list, read)
	}
	return Add(base, list, targets, now.UTC().Format(time.DateOnly))
}
