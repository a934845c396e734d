package main

import (
	"io/fs"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// openOut opens a file to write; ended by a signal, the verb leaves nothing of it.
func (a *app) openOut(name string, mode fs.FileMode) (*outfile.File, error) {
	return a.opened(outfile.Open(name, mode))
}

// openNew does so for a file that must not be there.
func (a *app) openNew(name string, mode fs.FileMode) (*outfile.File, error) {
	return a.opened(outfile.OpenNew(name, mode))
}

func (a *app) opened(f *outfile.File, err error) (*outfile.File, error) {
	if err == nil {
		a.left.Behind(f.Abort)
	}
	return f, err
}
