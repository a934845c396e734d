package capture

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// failure is an error as an index holds it: enough to give, on replay, an
// error of the same class and with the same text.
type failure struct {
	// Is is the class of the cause: a sentinel or an errno of [classes], "" for
	// any other error.
	Is string `json:"is,omitempty"`
	// Text is the cause's text where it is not that of the class itself.
	Text string `json:"text,omitempty"`
	// Verb and Name are the operation and path of an fs.PathError. Operations
	// on files have their own name, so only other failures carry it.
	Verb string `json:"verb,omitempty"`
	Name string `json:"name,omitempty"`
	// Full and Outer are the text and class of an error that wraps the above.
	Full  string `json:"full,omitempty"`
	Outer string `json:"outer,omitempty"`
}

// classes are the errors that an index names, in the order in which they are
// looked for. A list and not a map, so that equal errors give equal bytes.
var classes = [...]struct {
	name string
	err  error
}{
	{"redacted", collect.ErrRedacted}, {"not-requested", collect.ErrNotRequested}, {"limit", collect.ErrLimit}, {"malformed", collect.ErrMalformed},
	{"deadline", context.DeadlineExceeded}, {"canceled", context.Canceled},
	{"EACCES", syscall.EACCES}, {"EPERM", syscall.EPERM}, {"ENOENT", syscall.ENOENT}, {"EIO", syscall.EIO},
	{"ENODEV", syscall.ENODEV}, {"ENXIO", syscall.ENXIO}, {"EINVAL", syscall.EINVAL}, {"EOPNOTSUPP", syscall.EOPNOTSUPP},
	{"ENOSYS", syscall.ENOSYS}, {"ENODATA", syscall.ENODATA}, {"EISDIR", syscall.EISDIR}, {"ENOTDIR", syscall.ENOTDIR},
	{"ELOOP", syscall.ELOOP}, {"EBUSY", syscall.EBUSY}, {"ETIMEDOUT", syscall.ETIMEDOUT}, {"ENOMEM", syscall.ENOMEM},
	{"EAGAIN", syscall.EAGAIN}, {"EFBIG", syscall.EFBIG}, {"ENAMETOOLONG", syscall.ENAMETOOLONG}, {"EROFS", syscall.EROFS},
	{"permission", fs.ErrPermission}, {"not-exist", fs.ErrNotExist}, {"invalid", fs.ErrInvalid}, {"closed", fs.ErrClosed},
}

func classOf(err error) string {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return ""
}

func classError(name string) error {
	for _, c := range classes {
		if c.name == name {
			return c.err
		}
	}
	return nil
}

// fileFailure describes the error of an operation on a file, whose name the
// entry in the index has.
func fileFailure(err error) failure {
	verb, inner := cause(err)
	f := failure{Is: classOf(inner), Verb: verb}
	if c := classError(f.Is); c == nil || c.Error() != inner.Error() {
		f.Text = inner.Error()
	}
	return f
}

// wholeFailure describes any error, with its wrapping.
func wholeFailure(err error) failure {
	f := fileFailure(err)
	var pe *fs.PathError
	if errors.As(err, &pe) {
		f.Name = pe.Path
	}
	again := f.err()
	if again.Error() != err.Error() {
		f.Full = err.Error()
	}
	if outer := classOf(err); outer != f.Is {
		f.Outer = outer
	}
	return f
}

// cause rebuilds the innermost error.
func (f failure) cause() error {
	c := classError(f.Is)
	switch {
	case c == nil:
		return &said{text: f.Text}
	case f.Text == "":
		return c
	default:
		return &said{f.Text, []error{c}}
	}
}

// err rebuilds an error that wholeFailure described.
func (f failure) err() error {
	err := f.cause()
	if f.Verb != "" {
		err = pathError(f.Verb, f.Name, err)
	}
	if f.Full == "" && f.Outer == "" {
		return err
	}
	text := f.Full
	if text == "" {
		text = err.Error()
	}
	wrapped := &said{text, []error{err}}
	if outer := classError(f.Outer); outer != nil {
		wrapped.is = append(wrapped.is, outer)
	}
	return wrapped
}

// absent says that the failure means "there is no such thing".
func (f failure) absent() bool { return errors.Is(f.cause(), fs.ErrNotExist) }
