package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// HeldLimit is up to which size a large file is held in memory, in bytes.
const HeldLimit = 64 << 20

// Large is a file that may be larger than memory. It is a copy: whoever writes to the
// file while it is read changes nothing.
type Large struct {
	*io.SectionReader
	held []byte
	file io.Closer
}

// ReadLarge takes a copy of a file of at most limit bytes; "-" is standard input. What is
// larger than [HeldLimit] goes to a file without a name in the folder for temporary ones.
func ReadLarge(name string, limit int64) (*Large, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	var large *Large
	defer func() {
		if large == nil || large.file != io.Closer(f) {
			f.Close()
		}
	}()
	st, err := f.Stat()
	switch {
	case err == nil && st.Mode().IsRegular() && st.Size() > limit:
		err = bounded.ErrLimit
	case err == nil && limit > HeldLimit && (!st.Mode().IsRegular() || st.Size() > HeldLimit):
		large, err = spool(f, limit)
	case err == nil:
		var b []byte
		if b, err = bounded.Read(f, min(limit, HeldLimit)); err == nil {
			large = &Large{SectionReader: io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), held: b}
		}
	}
	switch {
	case errors.Is(err, bounded.ErrLimit):
		return nil, fmt.Errorf("read %s: %w than %d bytes", name, ErrTooLarge, limit)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	return large, nil
}

func spool(r io.Reader, limit int64) (*Large, error) {
	if !Direct() {
		return handed(r, limit)
	}
	file, err := os.CreateTemp("", "gpuaudit-input-")
	if err != nil {
		return nil, err
	}
	// Without a name, nothing of it is left whatever ends this process.
	err = os.Remove(file.Name())
	var n int64
	if err == nil {
		n, err = io.Copy(file, io.LimitReader(r, limit+1))
	}
	if err == nil && n > limit {
		err = bounded.ErrLimit
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Large{SectionReader: io.NewSectionReader(file, 0, n), file: file}, nil
}

// handed takes a copy that the process made that opened the file: this one has no place for
// any.
func handed(r io.Reader, limit int64) (*Large, error) {
	f, ok := r.(interface {
		fs.File
		io.ReaderAt
	})
	if !ok {
		return nil, errors.ErrUnsupported
	}
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, errors.ErrUnsupported
	case st.Size() > limit:
		return nil, bounded.ErrLimit
	}
	return &Large{SectionReader: io.NewSectionReader(f, 0, st.Size()), file: f}, nil
}

// Bytes are the whole file, nil of one that is not held in memory.
func (l *Large) Bytes() []byte { return l.held }

// Close gives the copy up.
func (l *Large) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
