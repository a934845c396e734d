// Package fault says of an error what it means for whoever asked: that the
// question was wrong, that it could not be answered, or that somebody's signature
// does not hold. A program maps these kinds to its exit codes in one place.
package fault

import (
	"errors"
)

// Kind is what an error means for the person who asked.
type Kind int

const (
	// Usage is wrong usage or configuration, or a named input that cannot be read. An
	// error of which nobody said otherwise is of this kind.
	Usage Kind = iota
	// Incomplete kept the work from being done.
	Incomplete
	// Signature is a signature or an attestation that did not verify.
	Signature
)

// Error is an error of a kind. Its text is that of the error in it.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// AsUsage, AsIncomplete and AsSignature say of which kind an error is, whatever was
// said of an error inside it; nil stays nil.
func AsUsage(err error) error      { return as(Usage, err) }
func AsIncomplete(err error) error { return as(Incomplete, err) }
func AsSignature(err error) error  { return as(Signature, err) }

func as(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Err: err}
}

// Of is the kind of an error: what the outermost [Error] in it says.
func Of(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Usage
}
