// Package rpmdb reads the package database of rpm: the three forms in which it
// lies on disks (SQLite since rpm 4.16, NDB on SUSE, Berkeley DB before), and the
// headers in it. It reads what it needs of the file and keeps one header at a
// time; it writes nothing and takes no lock.
//
// rpm's own libraries, and Go packages for this, open files by their path and
// bring a whole database engine along. What is asked here is one sequential look
// at one table.
package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrMalformed says that the database or a header of it does not parse.
	ErrMalformed = errors.New("malformed rpm database")
	// ErrLimit says that a part of it is larger than its cap.
	ErrLimit = errors.New("rpm database larger than the limit")
)

// HeaderLimit caps one package's header; that of a package with 100,000 files
// has some 15 MB.
const HeaderLimit = 32 << 20

// packagesLimit caps the number of packages.
const packagesLimit = 100_000

// pagesLimit caps the pages of a database: 16 GiB of the common size, far more
// than any has. No page is read more often than a sound database needs.
const pagesLimit = 4 << 20

// File is an open database.
type File struct {
	io.ReaderAt
	Size int64
}

func (f File) at(off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	return b, f.fill(b, off)
}

func (f File) fill(b []byte, off int64) error {
	if off < 0 || off > f.Size-int64(len(b)) {
		return fmt.Errorf("%w: %d bytes at %d of %d", ErrMalformed, len(b), off, f.Size)
	}
	if n, err := f.ReadAt(b, off); n < len(b) {
		return err
	}
	return nil
}

// Each calls visit with the header of each package until it returns false. The
// bytes are good until visit returns. log is the write-ahead log of a SQLite
// database; the zero File is none.
func Each(db, log File, visit func(header []byte) bool) error {
	start, err := db.at(0, 32)
	if err != nil {
		return err
	}
	v := visitor{visit: visit, left: db.Size + log.Size}
	switch {
	case string(start[:16]) == "SQLite format 3\x00":
		return eachSQLite(db, log, &v)
	case string(start[:4]) == "RpmP":
		return eachNDB(db, &v)
	case binary.LittleEndian.Uint32(start[12:]) == bdbHashMagic:
		return eachBDB(db, binary.LittleEndian, &v)
	case binary.BigEndian.Uint32(start[12:]) == bdbHashMagic:
		return eachBDB(db, binary.BigEndian, &v)
	}
	return fmt.Errorf("%w: neither SQLite, nor NDB, nor a Berkeley DB hash", ErrMalformed)
}

// visitor counts what is visited and keeps one buffer for all headers.
type visitor struct {
	visit func([]byte) bool
	seen  int
	left  int64 // bytes of the files that no header has taken
	buf   []byte
	done  bool
}

// room returns a buffer of n bytes. All headers together are no larger than the
// files, or they overlap.
func (v *visitor) room(n int64) ([]byte, error) {
	if n < 0 || n > HeaderLimit {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrLimit, n)
	}
	if v.left -= n; v.left < 0 {
		return nil, fmt.Errorf("%w: its headers are larger than itself", ErrMalformed)
	}
	if int64(cap(v.buf)) < n {
		v.buf = make([]byte, n)
	}
	return v.buf[:n], nil
}

func (v *visitor) header(b []byte) error {
	if v.seen++; v.seen > packagesLimit {
		return fmt.Errorf("%w: more than %d packages", ErrLimit, packagesLimit)
	}
	v.done = !v.visit(b)
	return nil
}
