package policy

import (
	"fmt"
	"io"
	"io/fs"
	"path"
)

// isSource says that a file of a folder is rules or data.
func isSource(name string) bool {
	ext := path.Ext(name)
	return ext == ".rego" || ext == ".json" && path.Base(path.Dir(name)) == "data"
}

// ReadFolder reads the files of a folder that [Load] and [Test] read, by their names.
// It stops a little beyond the default limits: what is too much is for Load to say.
func ReadFolder(fsys fs.FS) (map[string][]byte, error) {
	limits := Limits{}.withDefaults()
	files := map[string][]byte{}
	var count int
	var bytes int64
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read rules: %w", err)
		case d.IsDir() || !isSource(name):
			return nil
		case count > 2*limits.SourceFiles || bytes > 2*limits.SourceBytes: // rules, and tests of them
			return fs.SkipAll
		}
		text, err := readPrefix(fsys, name, limits.SourceBytes+1)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		files[name] = text
		count++
		bytes += int64(len(text))
		return nil
	})
	return files, err
}

// readPrefix reads the first bytes of a file.
func readPrefix(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
