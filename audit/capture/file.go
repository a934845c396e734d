package capture

import (
	"io"
	"io/fs"
	"path"
	"syscall"
	"time"
)

// fileInfo implements fs.FileInfo. Times are not part of an archive's facts.
type fileInfo struct {
	name string
	mode fs.FileMode
	size int64
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

// dirEntry implements fs.DirEntry.
type dirEntry struct {
	view *view
	key  string
	mode fs.FileMode // type bits
}

func (e dirEntry) Name() string               { return path.Base(e.key) }
func (e dirEntry) IsDir() bool                { return e.mode.IsDir() }
func (e dirEntry) Type() fs.FileMode          { return e.mode }
func (e dirEntry) Info() (fs.FileInfo, error) { return e.view.Lstat(e.key) }
func (e dirEntry) String() string             { return fs.FormatDirEntry(e) }

// openFile is an open file: a stream, as sysfs attributes are.
type openFile struct {
	view      *view
	name, key string
	rest      []byte
	end       error
}

func (f *openFile) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(f.rest) == 0 {
		return 0, f.end
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.view.Stat(f.name) }
func (f *openFile) Close() error               { return nil }

// openDir is an open directory.
type openDir struct {
	view      *view
	name, key string
	listed    bool
	rest      []fs.DirEntry
}

func (d *openDir) Read([]byte) (int, error) {
	if err := d.view.endOf(d.name, d.key); err != io.EOF {
		return 0, err
	}
	return 0, pathError(string(opRead), d.name, syscall.EISDIR)
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.view.Stat(d.name) }
func (d *openDir) Close() error               { return nil }

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		list, err := d.view.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.listed, d.rest = true, list
	}
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	list := d.rest[:n]
	d.rest = d.rest[n:]
	return list, nil
}
