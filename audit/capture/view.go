package capture

import (
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"syscall"
)

// view is an archive's machine as a file system. It implements fs.ReadLinkFS,
// fs.StatFS, fs.ReadDirFS and fs.ReadFileFS. Links are followed inside the
// archive only. It is never written after it was made.
type view struct {
	tree *tree
	root string // the directory of the tree that is the machine's root
	// absent is the error of a name that nothing is known of.
	absent error
	// index is nil for a ghw snapshot, in which the tree is all there is.
	index    *index
	failures map[fileKey]failure
	gone     map[string]failure // recorded as not existing, by any operation
}

// fileKey is an operation on a path that goes through no link.
type fileKey struct {
	op   operation
	path string
}

func (v *view) setIndex(x *index) {
	if x == nil {
		x = &index{}
	}
	v.index, v.failures, v.gone = x, map[fileKey]failure{}, map[string]failure{}
	for _, e := range x.Failures {
		v.failures[fileKey{e.Op, e.Path}] = e.failure
		if e.absent() {
			v.gone[e.Path] = e.failure
		}
	}
}

func (v *view) node(key string) *node { return v.tree.nodes[path.Join(v.root, key)] }

// look implements lookup.
func (v *view) look(key string) (target string, exists bool) {
	if n := v.node(key); n != nil {
		return n.target, true
	}
	if v.index != nil {
		if target, ok := v.index.Links[key]; ok {
			return target, true
		}
	}
	return "", false
}

// find resolves a name and gives the error that was recorded for the
// operation, if there is one.
func (v *view) find(op operation, name string, follow bool) (key string, err error) {
	if !fs.ValidPath(name) {
		return "", pathError(string(op), name, fs.ErrInvalid)
	}
	key = resolve(name, follow, v.look)
	if f, ok := v.failures[fileKey{op, key}]; ok {
		return key, replay(op, name, f)
	}
	return key, nil
}

func replay(op operation, name string, f failure) error {
	verb := f.Verb
	if verb == "" {
		verb = string(op)
	}
	return pathError(verb, name, f.cause())
}

// missing is the error for a key that has no node: that it does not exist
// where that is known, and otherwise that it is not known.
func (v *view) missing(op operation, name, key string) error {
	if v.index == nil {
		return pathError(string(op), name, v.absent)
	}
	if f, ok := v.gone[key]; ok {
		return replay(op, name, f)
	}
	for at := key; at != "."; at = path.Dir(at) {
		if _, ok := v.gone[at]; ok {
			return pathError(string(op), name, syscall.ENOENT)
		}
		if list, ok := v.index.Listings[path.Dir(at)]; ok {
			if _, ok := list[path.Base(at)]; !ok {
				return pathError(string(op), name, syscall.ENOENT)
			}
		}
	}
	return pathError(string(op), name, v.absent)
}

// Open implements fs.FS.
func (v *view) Open(name string) (fs.File, error) {
	key, err := v.find(opOpen, name, true)
	if err != nil {
		return nil, err
	}
	n := v.node(key)
	if n == nil || n.target != "" {
		return nil, v.missing(opOpen, name, key)
	}
	if n.mode.IsDir() {
		return &openDir{view: v, name: name, key: key}, nil
	}
	return &openFile{view: v, name: name, key: key, rest: n.data, end: v.endOf(name, key)}, nil
}

// endOf is the error after a file's last byte: io.EOF if the file was read whole.
func (v *view) endOf(name, key string) error {
	if f, ok := v.failures[fileKey{opRead, key}]; ok {
		return replay(opRead, name, f)
	}
	if v.index != nil {
		if why, ok := v.index.Partial[key]; ok {
			return pathError(string(opRead), name, &said{"not in the capture: " + why, []error{ErrNotRecorded}})
		}
	}
	return io.EOF
}

// ReadFile implements fs.ReadFileFS.
func (v *view) ReadFile(name string) ([]byte, error) {
	f, err := v.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// ReadLink implements fs.ReadLinkFS.
func (v *view) ReadLink(name string) (string, error) {
	key, err := v.find(opReadLink, name, false)
	if err != nil {
		return "", err
	}
	target, exists := v.look(key)
	switch {
	case !exists:
		return "", v.missing(opReadLink, name, key)
	case target == "":
		return "", pathError(string(opReadLink), name, syscall.EINVAL)
	}
	return target, nil
}

// Stat implements fs.StatFS.
func (v *view) Stat(name string) (fs.FileInfo, error) { return v.stat(opStat, name, true) }

// Lstat implements fs.ReadLinkFS.
func (v *view) Lstat(name string) (fs.FileInfo, error) { return v.stat(opLstat, name, false) }

func (v *view) stat(op operation, name string, follow bool) (fs.FileInfo, error) {
	key, err := v.find(op, name, follow)
	if err != nil {
		return nil, err
	}
	info, ok := v.info(name, key)
	if !ok || follow && info.mode.Type() == fs.ModeSymlink {
		return nil, v.missing(op, name, key)
	}
	return info, nil
}

// info is what is known of a key: what was recorded, or else what its entry says.
func (v *view) info(name, key string) (fileInfo, bool) {
	base := path.Base(name)
	if v.index != nil {
		if s, ok := v.index.Stats[key]; ok {
			mode, err := s.mode()
			return fileInfo{base, mode, s.Size}, err == nil
		}
		if target, ok := v.index.Links[key]; ok {
			return fileInfo{base, fs.ModeSymlink | 0o777, int64(len(target))}, true
		}
	}
	n := v.node(key)
	if n == nil {
		return fileInfo{}, false
	}
	return fileInfo{base, n.mode, int64(len(n.data) + len(n.target))}, true
}

// ReadDir implements fs.ReadDirFS.
func (v *view) ReadDir(name string) ([]fs.DirEntry, error) {
	key, err := v.find(opReadDir, name, true)
	if err != nil {
		return nil, err
	}
	return v.list(name, key)
}

func (v *view) list(name, key string) ([]fs.DirEntry, error) {
	var list []fs.DirEntry
	if v.index != nil {
		names, ok := v.index.Listings[key]
		if !ok {
			return nil, v.missing(opReadDir, name, key)
		}
		for _, base := range slices.Sorted(maps.Keys(names)) {
			mode, err := typeMode(names[base])
			if err != nil {
				return nil, pathError(string(opReadDir), name, err)
			}
			list = append(list, dirEntry{v, path.Join(key, base), mode})
		}
		return list, nil
	}
	n := v.node(key)
	switch {
	case n == nil || n.target != "":
		return nil, v.missing(opReadDir, name, key)
	case !n.mode.IsDir():
		return nil, pathError(string(opReadDir), name, syscall.ENOTDIR)
	}
	for _, base := range n.names {
		child := path.Join(key, base)
		list = append(list, dirEntry{v, child, v.node(child).mode.Type()})
	}
	return list, nil
}
