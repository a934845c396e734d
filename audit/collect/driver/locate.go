package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	modulesDir = "lib/modules"
	// indexLimit caps modules.dep and modules.builtin (1 MiB in distributions).
	indexLimit = 32 << 20
	// walkLimit caps the search of a module directory without an index.
	walkLimit = 50_000
)

// location is where a module of one kernel release lies.
type location struct {
	Path    string          `json:"path,omitempty"`
	BuiltIn *bool           `json:"built_in,omitempty"`
	Gaps    []inventory.Gap `json:"gaps,omitempty"`
}

// locate finds a module's file, or that it is built in, as depmod's indexes
// say. The indexes are of the disk: that the loaded module came from this file
// is an assumption, which the two srcversions confirm or refute.
func locate(ctx context.Context, env *collect.Env, release, module string) (location, error) {
	key := path.Join(modulesDir, release, module)
	return collect.Derived(ctx, env, "module-path", key, func() (location, error) {
		dir, err := releaseDir(env.FS, release)
		if err != nil {
			return location{Gaps: []inventory.Gap{collect.GapFor("/driver/module/file", path.Join(modulesDir, release), err)}}, nil
		}
		return search(ctx, env.FS, dir, module)
	})
}

// releaseDir is the release's module directory. On a root whose lib is a link
// to usr/lib both names work; on a partial copy perhaps only one is there.
func releaseDir(fsys fs.FS, release string) (string, error) {
	dir := path.Join(modulesDir, release)
	_, err := fs.Stat(fsys, dir)
	if collect.Absent(err) {
		if _, err := fs.Stat(fsys, path.Join("usr", dir)); err == nil {
			return path.Join("usr", dir), nil
		}
	}
	return dir, err
}

func search(ctx context.Context, fsys fs.FS, dir, module string) (location, error) {
	var where location
	missing := func(fact, source string, err error) {
		where.Gaps = append(where.Gaps, collect.GapFor(fact, source, err))
	}
	list := path.Join(dir, "modules.builtin")
	if built, err := collect.Read(fsys, list, indexLimit); err != nil {
		missing("/driver/built_in", list, err)
	} else {
		where.BuiltIn = new(inIndex(built, module) != "")
	}
	index := path.Join(dir, "modules.dep")
	dep, err := collect.Read(fsys, index, indexLimit)
	if err != nil && !collect.Absent(err) {
		missing("/driver/module/file", index, err)
		return where, nil
	}
	if entry := inIndex(dep, module); entry != "" {
		if where.Path = rooted(dir, entry); !fs.ValidPath(where.Path) {
			where.Path = ""
			missing("/driver/module/file", index, fmt.Errorf("%w: %.80q leaves the root", collect.ErrMalformed, entry))
		}
		return where, nil
	}
	where.Path, err = walk(ctx, fsys, dir, module)
	if ctx.Err() != nil {
		return where, ctx.Err()
	}
	builtIn := where.BuiltIn != nil && *where.BuiltIn
	if err != nil && !(builtIn && errors.Is(err, errNone)) {
		missing("/driver/module/file", dir, err)
	}
	return where, nil
}

// inIndex returns the path of a module in modules.dep or modules.builtin: one
// path a line, in modules.dep with a colon and the dependencies after it.
func inIndex(index []byte, module string) string {
	for line := range bytes.Lines(index) {
		entry, _, _ := bytes.Cut(line, []byte{':'})
		entry = bytes.TrimSpace(entry)
		if sameModule(path.Base(string(entry)), module) {
			return string(entry)
		}
	}
	return ""
}

// rooted makes an index entry a path under the root: entries are relative to
// the module directory, or absolute.
func rooted(dir, entry string) string {
	if absolute, ok := strings.CutPrefix(entry, "/"); ok {
		return path.Clean(absolute)
	}
	return path.Join(dir, entry)
}

// walk looks for the module's file where no index names it. Like depmod it
// prefers the folder updates to the others.
func walk(ctx context.Context, fsys fs.FS, dir, module string) (string, error) {
	var found []string
	seen := 0
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if seen++; seen > walkLimit {
			return fmt.Errorf("%w of %d entries", collect.ErrLimit, walkLimit)
		}
		if err == nil && !d.IsDir() && sameModule(d.Name(), module) {
			found = append(found, name)
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("module %s: %w", module, errNone)
	}
	updates := path.Join(dir, "updates") + "/"
	slices.SortFunc(found, func(a, b string) int {
		if ua, ub := strings.HasPrefix(a, updates), strings.HasPrefix(b, updates); ua != ub {
			if ua {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return found[0], nil
}

// sameModule says that a file name is that of the module: names are equal
// whether written with - or with _.
func sameModule(file, module string) bool {
	base, _ := splitCompression(file)
	base, ok := strings.CutSuffix(base, ".ko")
	return ok && strings.ReplaceAll(base, "-", "_") == strings.ReplaceAll(module, "-", "_")
}

// splitCompression takes the suffix of a compression off a name.
func splitCompression(name string) (base, compression string) {
	for _, c := range [...]string{"gz", "xz", "zst"} {
		if b, ok := strings.CutSuffix(name, "."+c); ok {
			return b, c
		}
	}
	return name, ""
}
