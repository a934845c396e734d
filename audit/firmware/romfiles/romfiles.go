// Package romfiles parses files of ROMs: one, or all of a folder, in parallel and in the
// order of their names.
package romfiles

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"runtime"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Parse parses the bytes of a file.
func Parse(b []byte) *inventory.ROM {
	rom := firmware.Parse(b)
	rom.Source = "file"
	return rom
}

// Read reads and parses a file that somebody named.
func Read(name string) (*inventory.ROM, error) {
	f, err := input.Read(name, firmware.MaxBytes)
	if err != nil {
		return nil, err
	}
	return Parse(f.Data), nil
}

// Result is what a file of a folder holds, or why it could not be read.
type Result struct {
	ROM *inventory.ROM
	Err error
}

// Folder reads every regular file below a folder, without following links, and what cannot
// be listed. No more files are held than there are workers, twice.
func Folder(root fs.FS) iter.Seq2[string, Result] {
	return func(yield func(string, Result) bool) {
		type one struct {
			name   string
			result chan Result
		}
		results, end, work := make(chan one, runtime.GOMAXPROCS(0)), make(chan struct{}), make(chan one)
		defer close(end)
		// Few goroutines work on many files: the stack of each grows once.
		for range cap(results) {
			go func() {
				for next := range work {
					next.result <- read(root, next.name)
				}
			}()
		}
		go func() {
			defer close(results)
			defer close(work)
			walk(root, func(name string, err error) bool {
				next := one{name, make(chan Result, 1)}
				select {
				case results <- next:
				case <-end:
					return false
				}
				if err != nil {
					next.result <- Result{Err: err}
					return true
				}
				work <- next
				return true
			})
		}()
		for next := range results {
			if !yield(next.name, <-next.result) {
				return
			}
		}
	}
}

// walk names every regular file below a folder, and what cannot be listed, until found says
// that it is enough.
func walk(fsys fs.FS, found func(name string, err error) bool) {
	_ = fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if (err != nil || e.Type().IsRegular()) && !found(name, err) {
			return fs.SkipAll
		}
		return nil
	})
}

func read(root fs.FS, name string) Result {
	f, err := root.Open(name)
	if err != nil {
		return Result{Err: err}
	}
	defer f.Close()
	// A file may have been exchanged for a pipe since it was listed.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Result{Err: cmp.Or(err, errors.New("not a regular file"))}
	}
	b, err := bounded.Read(f, firmware.MaxBytes)
	switch {
	case errors.Is(err, bounded.ErrLimit):
		return Result{Err: fmt.Errorf("larger than the %d bytes that a ROM can have", firmware.MaxBytes)}
	case err != nil:
		return Result{Err: err}
	}
	return Result{ROM: Parse(b)}
}
