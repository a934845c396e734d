package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/rpmdb"
)

// rpmInMemory caps a database that has to be read whole, because its source can
// only be read from its beginning to its end.
const rpmInMemory = 64 << 20

// rpmDirs are where rpm's database lies: by default, on SUSE and newer Fedora, and
// on systems whose images are made by rpm-ostree.
func rpmDirs() []string {
	return []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"}
}

// rpmFiles are the names of the database in its three forms.
var rpmFiles = [...]string{"rpmdb.sqlite", "Packages.db", "Packages"}

// rpmAlgorithms are the digests of files, by their numbers in OpenPGP.
var rpmAlgorithms = map[uint32]string{1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}

// rpmOwner finds the package that lists a file, in the first database that there
// is.
func rpmOwner(ctx context.Context, fsys fs.FS, file installed) (*inventory.Package, []inventory.Gap, error) {
	for _, dir := range rpmDirs() {
		for _, name := range rpmFiles {
			db, close, err := openDatabase(fsys, path.Join(dir, name))
			if collect.Absent(err) {
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			defer close()
			log, closeLog, err := openDatabase(fsys, path.Join(dir, name+"-wal"))
			if err != nil && !collect.Absent(err) {
				return nil, nil, err
			}
			if err == nil {
				defer closeLog()
			}
			return searchRPM(ctx, db, log, file)
		}
	}
	return nil, nil, errNoDatabase
}

// searchRPM looks through the headers. One that does not name the file's last
// element is not taken apart.
func searchRPM(ctx context.Context, db, log rpmdb.File, file installed) (*inventory.Package, []inventory.Gap, error) {
	var pkg *inventory.Package
	var unread error
	paths := make([]string, len(file.names))
	for i, n := range file.names {
		paths[i] = "/" + n
	}
	packages := 0
	err := rpmdb.Each(db, log, func(b []byte) bool {
		packages++
		if ctx.Err() != nil {
			return false
		}
		if !mentions(b, file.names) {
			return true
		}
		h, err := rpmdb.Parse(b)
		if err != nil {
			unread = err
			return true
		}
		if at := h.Find(paths...); at >= 0 {
			pkg = describeRPM(h, at, file)
		}
		return pkg == nil
	})
	switch err = errors.Join(ctx.Err(), err); {
	case pkg != nil:
		return pkg, nil, nil
	case err != nil:
		return nil, nil, namedRPM(err)
	case unread != nil:
		return nil, nil, namedRPM(unread)
	case packages == 0:
		return nil, nil, errNoDatabase
	}
	return nil, nil, nil
}

func mentions(header []byte, names []string) bool {
	for _, n := range names {
		if bytes.Contains(header, []byte(path.Base(n))) {
			return true
		}
	}
	return false
}

func describeRPM(h *rpmdb.Header, at int, file installed) *inventory.Package {
	pkg := &inventory.Package{Manager: "rpm", Name: h.Name(), Version: inventory.Fact(h.Version())}
	recorded, algorithm := h.Digest(at)
	pkg.Digest = file.compare(rpmAlgorithms[algorithm], recorded)
	return pkg
}

// openDatabase opens a file that is read at several places.
func openDatabase(fsys fs.FS, name string) (rpmdb.File, func() error, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return rpmdb.File{}, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", collect.ErrMalformed)
	}
	if err != nil {
		f.Close()
		return rpmdb.File{}, nil, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return rpmdb.File{ReaderAt: r, Size: info.Size()}, f.Close, nil
	}
	defer f.Close()
	b, err := io.ReadAll(limited(f, rpmInMemory))
	if err == nil && len(b) > rpmInMemory {
		err = fmt.Errorf("%w of %d bytes", collect.ErrLimit, rpmInMemory)
	}
	return rpmdb.File{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, func() error { return nil }, err
}

func namedRPM(err error) error {
	switch {
	case errors.Is(err, rpmdb.ErrLimit):
		return fmt.Errorf("%w: %w", collect.ErrLimit, err)
	case errors.Is(err, rpmdb.ErrMalformed):
		return fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	return err
}
