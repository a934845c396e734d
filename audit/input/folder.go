package input

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Folder is files of a folder, by their path in it.
type Folder map[string][]byte

// SHA256 is the digest over the names and bytes of all files.
func (f Folder) SHA256() string {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b.WriteString(name + "\x00" + SHA256(f[name]) + "\n")
	}
	return SHA256(b.Bytes())
}

// FS is the folder as a file system.
func (f Folder) FS() fs.FS { return folderFS(f) }

type folderFS Folder

// Open implements fs.FS. A name that is not there gives the error that a file system
// gives.
func (f folderFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if text, ok := f[name]; ok {
		return &openFile{Reader: bytes.NewReader(text), entry: entry{name: path.Base(name), size: int64(len(text))}}, nil
	}
	entries := f.entries(name)
	if len(entries) == 0 && name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOENT}
	}
	return &openFolder{entry: entry{name: path.Base(name), folder: true}, entries: entries}, nil
}

// entries lists what is directly in a folder, sorted by name.
func (f folderFS) entries(folder string) []fs.DirEntry {
	found := map[string]fs.DirEntry{}
	for name, text := range f {
		rest := name
		if folder != "." {
			var ok bool
			if rest, ok = strings.CutPrefix(name, folder+"/"); !ok {
				continue
			}
		}
		first, _, below := strings.Cut(rest, "/")
		e := entry{name: first, folder: below}
		if !below {
			e.size = int64(len(text))
		}
		found[first] = e
	}
	var list []fs.DirEntry
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list
}

// entry is a file or a folder, without times and rights.
type entry struct {
	name   string
	size   int64
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Stat() (fs.FileInfo, error) { return e, nil }
func (e entry) Close() error               { return nil }

func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type openFile struct {
	*bytes.Reader
	entry
}

func (f *openFile) Size() int64 { return f.entry.size }

type openFolder struct {
	entry
	entries []fs.DirEntry
}

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: syscall.EISDIR}
}

// ReadDir implements fs.ReadDirFile.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	list := f.entries[:n]
	f.entries = f.entries[n:]
	return list, nil
}
