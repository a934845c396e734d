package channel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Files are a source in memory, in the order of their names.
type Files []File

// Sorted puts files into the order of their names.
func Sorted(files Files) Files {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// Get implements [Source].
func (f Files) Get(_ context.Context, name string, limit int64) ([]byte, error) {
	i, found := slices.BinarySearchFunc(f, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	switch {
	case !found:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	case int64(len(f[i].Data)) > limit:
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", ErrTooLarge, name, len(f[i].Data), limit)
	}
	return f[i].Data, nil
}

// InDirectory are patterns of the names in the folder of a repository (TUF, section 6.2).
func InDirectory() []string {
	return []string{"*.root.json", "timestamp.json", "*.snapshot.json", "*.targets.json", "targets"}
}

// Directory is a source in a file system. In production it is that of an
// os.Root, so that a link in it leads nowhere else.
type Directory struct{ FS fs.FS }

// Get implements [Source].
func (d Directory) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := fs.Stat(d.FS, name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) { // an os.Root calls it statat
			err = &fs.PathError{Op: "read", Path: name, Err: p.Err}
		}
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a fifo would wait for ever
		return nil, fmt.Errorf("read %s: not a plain file", name)
	}
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, name, limit)
}
