package driver

import (
	"bytes"
	"context"
	"crypto/md5"  //nolint:gosec // a digest that package databases record
	"crypto/sha1" //nolint:gosec // a digest that package databases record
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inroot"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// database is one package manager's record of which package laid down which file.
type database struct {
	// paths are where it may lie; the first that is there counts.
	paths []string
	// owner finds the package that lists a file. It returns errNoDatabase where
	// there is no such database or nothing in it, and no package where the whole
	// of it was read and no package has the file.
	owner func(context.Context, fs.FS, installed) (*inventory.Package, []inventory.Gap, error)
}

func databases() []database {
	return []database{
		{[]string{dpkgInfo, dpkgStatus}, dpkgOwner},
		{rpmDirs(), rpmOwner},
		{[]string{pacmanLocal}, pacmanOwner},
		{apkFiles(), apkOwner},
	}
}

// packageDatabases are the paths of all databases but the first.
func packageDatabases() []string {
	var paths []string
	for _, d := range databases() {
		paths = append(paths, d.paths...)
	}
	return paths[1:]
}

// errNoDatabase says that there is no such database to ask.
var errNoDatabase = fmt.Errorf("no package database (of dpkg, rpm, pacman or apk): %w", fs.ErrNotExist)

const packageFact = "/driver/module/file/package"

// installed is a file as a package may have laid it down.
type installed struct {
	names []string // its paths below the root, without leading slash
	raw   []byte
}

// hashes are the digests that packages record, by name.
var hashes = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// digest is the file's digest by one of them.
func (f installed) digest(algorithm string) (string, bool) {
	start := hashes[algorithm]
	if start == nil {
		return "", false
	}
	h := start()
	h.Write(f.raw)
	return hex.EncodeToString(h.Sum(nil)), true
}

// compare says whether the file is what the package recorded; nil where it
// recorded nothing that can be compared.
func (f installed) compare(algorithm, recorded string) *string {
	actual, known := f.digest(algorithm)
	switch {
	case !known || len(recorded) != len(actual) || f.raw == nil:
		return nil
	case strings.EqualFold(actual, recorded):
		return new("match")
	default:
		return new("mismatch")
	}
}

// listed says that one of the file's paths, each with a slash before it, is a line.
func (f installed) listed(text []byte, before string) bool {
	for _, name := range f.names {
		if hasLine(text, before+name) {
			return true
		}
	}
	return false
}

// own adds the package that owns the file: the first that lists it. A machine may
// have several databases, and most have one.
func (m *moduleFacts) own(ctx context.Context, fsys fs.FS, raw []byte) {
	var gaps []inventory.Gap
	m.File.PackageOwned, m.File.Package, gaps = Owner(ctx, fsys, m.File.Path, raw)
	m.Gaps = append(m.Gaps, gaps...)
}

// Owner finds the package that laid down a file: the first that lists it. owned is nil
// where that could not be told, which the gaps explain; their facts are those of a
// driver's file. Without the file's bytes nothing is compared with what the package
// recorded.
func Owner(ctx context.Context, fsys fs.FS, name string, raw []byte) (owned *bool, pkg *inventory.Package, gaps []inventory.Gap) {
	names, err := spellings(fsys, name)
	file := installed{names: names, raw: raw}
	absent := 0
	var unread []inventory.Gap
	if err != nil {
		unread = append(unread, collect.GapFor(packageFact, name, err))
	}
	all := databases()
	for _, d := range all {
		pkg, gaps, err := d.owner(ctx, fsys, file)
		switch {
		case pkg != nil:
			return new(true), pkg, gaps
		case errors.Is(err, errNoDatabase):
			absent++
		case err != nil:
			unread = append(unread, collect.GapFor(packageFact, d.paths[0], err))
		}
	}
	switch {
	case absent == len(all):
		g := collect.GapFor(packageFact, path.Dir(dpkgInfo), errNoDatabase)
		g.Detail = "no package database of dpkg, rpm, pacman or apk"
		return nil, nil, []inventory.Gap{g}
	case len(unread) > 0:
		return nil, nil, unread
	}
	return new(false), nil, nil
}

// spellings are the paths under which a package may list a file: as it was found,
// without the links in it, and where lib is usr/lib, with both. A copy of a machine
// may have one of the two folders for both. An error says that it may have another one,
// since it is not known where its links lead.
func spellings(fsys fs.FS, name string) ([]string, error) {
	names := []string{name}
	add := func(n string) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	real, err := unlinked(fsys, name)
	if err == nil {
		add(real)
	}
	for _, n := range names {
		other, ok := "usr/"+n, strings.HasPrefix(n, "lib/")
		if rest, usr := strings.CutPrefix(n, "usr/lib/"); usr {
			other, ok = "lib/"+rest, true
		}
		if ok && (linked(fsys) || !exists(fsys, other)) {
			add(other)
		}
	}
	return names, err
}

// linked says that lib and usr/lib are one folder.
func linked(fsys fs.FS) bool {
	target, err := fs.ReadLink(fsys, "lib")
	return err == nil && strings.TrimPrefix(path.Clean(target), "/") == "usr/lib"
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Lstat(fsys, name)
	return err == nil
}

// unlinked is a path without links.
func unlinked(fsys fs.FS, name string) (string, error) {
	real, err := inroot.Resolve(name, true, func(name string) (string, error) {
		target, err := fs.ReadLink(fsys, name)
		if errors.Is(err, syscall.EINVAL) || errors.Is(err, fs.ErrInvalid) || collect.Absent(err) {
			return "", nil // no link
		}
		return target, err
	})
	if err != nil {
		return "", fmt.Errorf("where its links lead: %w", err)
	}
	return real, nil
}

// databaseEntries are the entries of a database's folder that stand for packages,
// those of kernels and drivers first.
func databaseEntries(fsys fs.FS, dir string, isPackage func(fs.DirEntry) bool) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if collect.Absent(err) {
		return nil, errNoDatabase
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isPackage(e) {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return nil, errNoDatabase
	case len(names) > listsLimit:
		return nil, fmt.Errorf("%w of %d packages", collect.ErrLimit, listsLimit)
	}
	return likelyFirst(names), nil
}

// likelyFirst puts packages of kernels and drivers before the others: what is found
// early need not be looked for in thousands of others.
func likelyFirst(names []string) []string {
	likely := func(n string) bool {
		return strings.HasPrefix(n, "linux") || strings.Contains(n, "nvidia") || strings.Contains(n, "amdgpu")
	}
	slices.SortStableFunc(names, func(a, b string) int {
		switch la, lb := likely(a), likely(b); {
		case la == lb:
			return 0
		case la:
			return -1
		}
		return 1
	})
	return names
}

// firstThat finds the package whose list of files, at the path that list gives, holds
// what is looked for. Where none does, name is "" and the error says which lists
// could not be read.
func firstThat(ctx context.Context, fsys fs.FS, packages []string, list func(name string) string, holds func(text []byte) bool) (name string, err error) {
	var buf bytes.Buffer
	var unread error
	for _, name := range packages {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := readInto(&buf, fsys, list(name), listLimit); err != nil {
			unread = errors.Join(unread, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if holds(buf.Bytes()) {
			return name, nil
		}
	}
	return "", unread
}

// readInto reads a whole file into a buffer that is used again and again.
func readInto(buf *bytes.Buffer, fsys fs.FS, name string, limit int64) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf.Reset()
	n, err := buf.ReadFrom(limited(f, limit))
	if err == nil && n > limit {
		err = fmt.Errorf("%w of %d bytes", collect.ErrLimit, limit)
	}
	return err
}

// hasLine says that one of the lines of text is exactly this.
func hasLine(text []byte, line string) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(line))
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(line)
		if (start == 0 || text[start-1] == '\n') && (end == len(text) || text[end] == '\n') {
			return true
		}
		at = end
	}
}
