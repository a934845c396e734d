package scaffold

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Write writes the files of a rule into a directory of rules, which is made where it is not
// there, and nothing over others. It returns the names of what it wrote.
func (r *Rule) Write(dir string) (names []string, err error) {
	files, err := r.Files()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, r.Folder())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, fmt.Errorf("a rule %s is there already, or its folder cannot be made: %w", r.ID, err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return names, err
		}
		names = append(names, file)
	}
	return names, nil
}
