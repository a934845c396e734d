package broker

import (
	"errors"
	"io/fs"
	"syscall"
)

// remote is an error of the other process: its text, the kernel's number where there is
// one, and the class by which a program tells it from others.
type remote struct {
	text  string
	class error
	inner error
}

func (e *remote) Error() string { return e.text }

// Is lets errors.Is see the class.
func (e *remote) Is(target error) bool { return e.class != nil && target == e.class }

// Unwrap gives the error of the file system that is inside.
func (e *remote) Unwrap() error { return e.inner }

const (
	// maxErrorText caps the text of an error, maxOp the name of what failed.
	maxErrorText = 512
	maxOp        = 32
)

// fault puts an error into an answer, so that the other side tells it as this one
// would: the operation of an error of the file system, the kernel's number, and the
// text of what is around it. classes are what the two sides agree on.
func (w *writer) fault(err error, classes []error) {
	var op, text string
	var errno syscall.Errno
	pe, _ := errors.AsType[*fs.PathError](err)
	if pe != nil {
		op = pe.Op
	}
	_ = errors.As(err, &errno)
	whole := err
	if pe != nil && err == error(pe) {
		whole = pe.Err
	}
	if whole != error(errno) {
		text = whole.Error()
	}
	class := 0
	for i, c := range classes {
		if errors.Is(err, c) {
			class = i + 1
			break
		}
	}
	w.text(op[:min(len(op), maxOp)])
	w.flag(pe != nil && err == error(pe))
	w.u32(uint32(errno))
	w.u8(uint8(class))
	w.text(text[:min(len(text), maxErrorText)])
}

// fault reads what the other side put there.
func (r *reader) fault(name string, classes []error) error {
	op, outermost, errno, class, text := r.text(maxOp), r.flag(), syscall.Errno(r.u32()), int(r.u8()), string(r.bytes(maxErrorText))
	var err error
	if errno != 0 {
		err = errno
	}
	if op != "" && !outermost && err != nil {
		err = &fs.PathError{Op: op, Path: name, Err: err}
	}
	if text != "" || err == nil {
		e := &remote{text: text, inner: err}
		if text == "" {
			e.text = "refused"
		}
		if class > 0 && class <= len(classes) {
			e.class = classes[class-1]
		}
		err = e
	}
	if op != "" && outermost {
		err = &fs.PathError{Op: op, Path: name, Err: err}
	}
	return err
}
