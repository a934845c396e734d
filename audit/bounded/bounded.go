// Package bounded reads whole inputs that have a largest size: a text cut short is
// never taken for the whole.
package bounded

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLimit says that an input is larger than its reader takes.
var ErrLimit = errors.New("larger than the limit")

// Read reads all of r, at most limit bytes: of a longer input it returns nothing but
// [ErrLimit].
func Read(r io.Reader, limit int64) ([]byte, error) { return ReadInto(nil, r, limit) }

// ReadInto reads as Read does, into the memory of room where that is enough: who reads
// many files, one after the other, takes it once.
func ReadInto(room []byte, r io.Reader, limit int64) ([]byte, error) {
	b := room[:0]
	if n := size(r); n <= limit {
		// As much memory as the file has bytes, where growing takes some four times it. A
		// size is a claim, so the beginning is read first; and a file may grow while it is
		// read, or have another size than it says, as those below /proc.
		for _, n := range []int64{min(n, first), n} {
			read, whole, err := fill(r, &b, n)
			switch {
			case err != nil:
				return nil, err
			case !whole:
				return b[:read], nil
			}
		}
	}
	more, err := io.ReadAll(io.LimitReader(r, limit+1-int64(len(b))))
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)+len(more)) > limit:
		return nil, ErrLimit
	case len(b) == 0:
		return more, nil
	}
	return append(b, more...), nil
}

// first is how much of a file is read before its size is believed.
const first = 64 << 10

// fill reads until b has n bytes, and says how many it has and whether there were so many.
func fill(r io.Reader, b *[]byte, n int64) (read int, whole bool, err error) {
	read = len(*b)
	if n <= int64(read) {
		return read, true, nil
	}
	if n > int64(cap(*b)) {
		larger := make([]byte, read, n)
		copy(larger, *b)
		*b = larger
	}
	larger := (*b)[:n]
	*b = larger
	for read < len(larger) && err == nil {
		var more int
		more, err = r.Read(larger[read:])
		read += more
	}
	// [io.ErrUnexpectedEOF] of r itself is that of something cut off.
	if err == io.EOF {
		err = nil
	}
	return read, read == len(larger), err
}

// Hinting is a reader that says how many bytes it may have without being asked what it is,
// -1 where it does not know.
type Hinting interface{ SizeHint() int64 }

// size is how many bytes r says that it has, -1 where it does not say.
func size(r io.Reader) int64 {
	if h, ok := r.(Hinting); ok {
		return h.SizeHint()
	}
	f, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return -1
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return -1
	}
	return st.Size()
}
