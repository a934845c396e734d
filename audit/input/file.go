// Package input holds the files that somebody gives for an audit, as names and bytes.
// Each is read once, here, and nothing of it is parsed: what a report names by its
// digest is what was judged, and parsing may happen in another process.
package input

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// File is a file as it was given.
type File struct {
	// Name is the name that the user gave.
	Name string
	Data []byte
}

// Base is the name without its folder, as reports have it: what a report says does
// not depend on the place it was made at.
func (f *File) Base() string { return filepath.Base(f.Name) }

// SHA256 is the digest of the bytes, in hexadecimal.
func (f *File) SHA256() string { return SHA256(f.Data) }

// SHA256 is the digest of some bytes, in hexadecimal.
func SHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// ErrTooLarge says that a file is larger than its limit; nothing of it is returned.
var ErrTooLarge = errors.New("larger")

// pageSize is the size that files of sysfs say that they have.
const pageSize = 64 << 10

// Read reads a file of at most limit bytes; "-" is standard input.
func Read(name string, limit int64) (*File, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b []byte
	// A hole of a terabyte is not read to find out how large it is.
	if st, serr := f.Stat(); serr == nil && st.Mode().IsRegular() && st.Size() > max(limit, pageSize) {
		err = bounded.ErrLimit
	} else {
		b, err = bounded.Read(f, limit)
	}
	switch {
	case errors.Is(err, bounded.ErrLimit):
		return nil, fmt.Errorf("read %s: %w than %d bytes", name, ErrTooLarge, limit)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	return &File{Name: name, Data: b}, nil
}

// cause is an error without the name of the file, which is said already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// ReadAll reads several files, each of at most limit bytes.
func ReadAll(names []string, limit int64) ([]*File, error) {
	var list []*File
	for _, name := range names {
		f, err := Read(name, limit)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// Optional reads a file where one is named; nil where none is.
func Optional(name string, limit int64) (*File, error) {
	if name == "" {
		return nil, nil
	}
	return Read(name, limit)
}

// headBytes is what tells one kind of file from another.
const headBytes = 64

// Head reads the first bytes of a file, by which its kind is told.
func Head(name string) ([]byte, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	return head[:n], nil
}
