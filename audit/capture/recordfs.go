package capture

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// recordingFS passes every operation on to the machine and records its result.
type recordingFS struct{ r *Recorder }

// Open implements fs.FS.
func (s recordingFS) Open(name string) (fs.File, error) {
	f, err := s.r.env.FS.Open(name)
	if !fs.ValidPath(name) {
		return f, err
	}
	key := s.r.key(name, true)
	if err != nil {
		s.r.fail(opOpen, key, err)
		return nil, err
	}
	if d, ok := f.(fs.ReadDirFile); ok && s.isDir(key) {
		s.r.directory(key)
		return &recordingDir{s: s, ReadDirFile: d, name: name, key: key}, nil
	}
	file := &recordingFile{s: s, file: f, key: key}
	if at, ok := f.(io.ReaderAt); ok && isUncarried(key) {
		return uncarriedFile{file, at}, nil
	}
	return file, nil
}

// uncarriedFile is a file of which no byte is recorded, so that it need not be read
// from its beginning to its end.
type uncarriedFile struct {
	*recordingFile
	io.ReaderAt
}

// isDir looks again where the machine's files all have a ReadDir method.
func (s recordingFS) isDir(key string) bool {
	info, err := fs.Stat(s.r.env.FS, key)
	return err == nil && info.IsDir()
}

// ReadFile implements fs.ReadFileFS.
func (s recordingFS) ReadFile(name string) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// ReadLink implements fs.ReadLinkFS.
func (s recordingFS) ReadLink(name string) (string, error) {
	target, err := fs.ReadLink(s.r.env.FS, name)
	if !fs.ValidPath(name) {
		return target, err
	}
	key := s.r.key(name, false)
	if err != nil {
		s.r.fail(opReadLink, key, err)
		return "", err
	}
	s.r.look(key)
	return target, nil
}

// Stat implements fs.StatFS.
func (s recordingFS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(s.r.env.FS, name)
	return s.stat(opStat, name, true, info, err)
}

// Lstat implements fs.ReadLinkFS.
func (s recordingFS) Lstat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(s.r.env.FS, name)
	return s.stat(opLstat, name, false, info, err)
}

func (s recordingFS) stat(op operation, name string, follow bool, info fs.FileInfo, err error) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return info, err
	}
	key := s.r.key(name, follow)
	if err != nil {
		s.r.fail(op, key, err)
		return nil, err
	}
	s.r.look(key)
	s.r.stat(key, info)
	return info, nil
}

// ReadDir implements fs.ReadDirFS.
func (s recordingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(s.r.env.FS, name)
	if !fs.ValidPath(name) {
		return list, err
	}
	return s.list(name, list, err)
}

// list records a whole listing and returns it sorted, as replay will.
func (s recordingFS) list(name string, list []fs.DirEntry, err error) ([]fs.DirEntry, error) {
	key := s.r.key(name, true)
	if err != nil {
		s.r.fail(opReadDir, key, err)
		return nil, err
	}
	s.r.list(key, list)
	recorded := make([]fs.DirEntry, 0, len(list))
	for _, e := range list {
		if element(e.Name()) {
			recorded = append(recorded, recordingEntry{e, s, path.Join(key, e.Name())})
		}
	}
	slices.SortFunc(recorded, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return recorded, nil
}

// recordingEntry records a stat that is made through a listing.
type recordingEntry struct {
	fs.DirEntry
	s   recordingFS
	key string
}

func (e recordingEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return e.s.stat(opLstat, e.key, false, info, err)
}

// recordingFile records what is read. It is a stream only, as replay is.
type recordingFile struct {
	s    recordingFS
	file fs.File
	key  string
	data []byte
	over bool // more was read than is kept
	done bool
}

func (f *recordingFile) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	switch {
	case f.done || isUncarried(f.key):
		return n, err
	case len(f.data)+n > maxRecordedFile:
		f.over = true
	case !f.over:
		f.data = append(f.data, p[:n]...)
	}
	switch {
	case f.over && err != nil:
		f.commit(partialLimit)
	case errors.Is(err, io.EOF):
		f.commit("")
	case err != nil:
		f.commit("")
		f.s.r.fail(opRead, f.key, err)
	}
	return n, err
}

func (f *recordingFile) commit(why string) {
	f.done = true
	f.s.r.keep(f.key, f.data, why)
}

func (f *recordingFile) Stat() (fs.FileInfo, error) {
	info, err := f.file.Stat()
	return f.s.stat(opStat, f.key, true, info, err)
}

// SizeHint implements [bounded.Hinting]. How much room is made to read a file is nothing
// that a capture has to tell again, for each of some forty files of a card.
func (f *recordingFile) SizeHint() int64 {
	info, err := f.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

var _ bounded.Hinting = (*recordingFile)(nil)

func (f *recordingFile) Close() error {
	if !f.done {
		why := partialRead
		if f.over {
			why = partialLimit
		}
		f.commit(why)
	}
	return f.file.Close()
}

// recordingDir records a listing made through an open directory. It lists the
// whole directory at once, so that what is recorded is whole.
type recordingDir struct {
	fs.ReadDirFile
	s         recordingFS
	name, key string
	listed    bool
	rest      []fs.DirEntry
}

func (d *recordingDir) Stat() (fs.FileInfo, error) {
	info, err := d.ReadDirFile.Stat()
	return d.s.stat(opStat, d.key, true, info, err)
}

func (d *recordingDir) Read(p []byte) (int, error) {
	n, err := d.ReadDirFile.Read(p)
	if err != nil {
		d.s.r.fail(opRead, d.key, err)
	}
	return n, err
}

// ReadDir implements fs.ReadDirFile.
func (d *recordingDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		list, err := d.ReadDirFile.ReadDir(-1)
		if list, err = d.s.list(d.name, list, err); err != nil {
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
