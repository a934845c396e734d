package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// Kind says what is wrong with an archive. A Kind is an error itself, so that
// errors.Is(err, capture.Truncated) works.
type Kind string

// What can be wrong with an archive. All but Truncated refuse it whole.
const (
	Unreadable Kind = "cannot be read"
	NotArchive Kind = "neither a tar archive nor a gzip-compressed one"
	Truncated  Kind = "archive is truncated"
	Corrupt    Kind = "archive is corrupt"
	Trailing   Kind = "data after the end of the archive"
	BadName    Kind = "name is refused"
	BadLink    Kind = "link is refused"
	BadType    Kind = "type of entry is refused"
	BadParent  Kind = "parent is not a directory"
	Duplicate  Kind = "entry is there twice"
	TooLarge   Kind = "archive is larger than the limit"
	TooDense   Kind = "archive is compressed more than the limit"
	BadFormat  Kind = "not a capture this version can read"
)

// Error implements error.
func (k Kind) Error() string { return string(k) }

// Error says which archive is at fault, where, and why.
type Error struct {
	Archive string
	// Entry is the name of the entry at fault, "" if it is the archive itself.
	Entry string
	// Offset is that entry's offset in the uncompressed archive, in bytes; for
	// a truncated archive it is where the bytes end.
	Offset int64
	Kind   Kind
	// Err is the cause; it may be nil.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read capture %s: ", e.Archive)
	if e.Entry != "" {
		fmt.Fprintf(&b, "entry %.200q ", e.Entry)
	}
	fmt.Fprintf(&b, "at offset %d: %s", e.Offset, e.Kind)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", e.Err)
	}
	return b.String()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// ErrNotRecorded says that a capture does not hold what was asked for because
// nothing asked for it when the capture was made. It is not fs.ErrNotExist:
// that a capture lacks a file says nothing of the machine. It is a
// [collect.ErrNotRequested].
var ErrNotRecorded error = &said{text: "not in the capture", is: []error{collect.ErrNotRequested}}

// said is an error with the text and the class of one that happened elsewhere.
type said struct {
	text string
	is   []error
}

func (s *said) Error() string   { return s.text }
func (s *said) Unwrap() []error { return s.is }

// pathError puts a cause in the form that file systems use.
func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// cause takes a path error apart; any other error is its own cause.
func cause(err error) (verb string, inner error) {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Op, pe.Err
	}
	return "", err
}
