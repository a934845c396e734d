// Package bounded reads whole inputs that have a largest size: a text cut short is
// never taken for the whole.
package bounded

import (
	"errors"
	"io"
)

// ErrLimit says that an input is larger than its reader takes.
var ErrLimit = errors.New("larger than the limit")

// Read reads all of r, at most limit bytes: of a longer input it returns nothing but
// [ErrLimit].
func Read(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)) > limit:
		return nil, ErrLimit
	}
	return b, nil
}
