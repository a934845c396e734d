// Package strictjson decodes documents from outside so that no two readers can see
// different contents in the same bytes, and none takes more memory than it may: no
// duplicate names, no unknown fields, no second value, and a budget of bytes, depth
// and memory that is held before anything is allocated.
//
// The text is read by the implementation of encoding/json/v2, which refuses what is not
// valid UTF-8 and takes a name only as it is spelt.
package strictjson

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 32

// MaxMemory is what a document may take once it is decoded, where [Limits] say nothing
// else. An array of empty objects is three bytes of text and some hundred of memory for
// each of them.
const MaxMemory = 64 << 20

// Limits bound a document.
type Limits struct {
	// Bytes is the size of the text.
	Bytes int
	// Memory is what the decoded value takes, estimated from its types: 0 is [MaxMemory].
	Memory int
	// Unknown lets fields be that the type does not have: what others publish has more
	// than is read of it.
	Unknown bool
	// Paths says that the names in maps are those of files, whose case counts.
	Paths bool
}

// ErrBudget says that a document would take more memory than it may.
var ErrBudget = errors.New("more values than a document of this kind may hold")

// What is no JSON from its first byte on: another file stands where a document belongs.
var (
	ErrEmpty   = errors.New("the file is empty")
	ErrNotJSON = errors.New("this is no JSON document")
)

// Error is a fault of a document and the offset, in bytes, behind which it was
// seen.
type Error struct {
	Offset int64
	Err    error
}

func (e *Error) Error() string {
	if errors.Is(e.Err, ErrEmpty) || errors.Is(e.Err, ErrNotJSON) {
		return e.Err.Error()
	}
	return fmt.Sprintf("offset %d: %v", e.Offset, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Unmarshal checks b and decodes it into v; fields that v does not have are
// errors, at every depth.
func Unmarshal(b []byte, limit int, v any) error { return Decode(b, Limits{Bytes: limit}, v) }

// Decode checks b within its limits and decodes it into v.
func Decode(b []byte, l Limits, v any) error {
	if err := check(b, l, shapeOf(reflect.TypeOf(v).Elem())); err != nil {
		return err
	}
	// What was walked has no name twice, at any depth.
	if err := json.Unmarshal(b, v, jsontext.AllowDuplicateNames(true)); err != nil {
		return located(err, 0)
	}
	return nil
}

// Check walks one JSON value of at most limit bytes.
func Check(b []byte, limit int) error { return CheckWithin(b, Limits{Bytes: limit}) }

// CheckWithin walks one JSON value within its limits. With Paths, names are those of
// whoever wrote it, whose case counts.
func CheckWithin(b []byte, l Limits) error { return check(b, l, nil) }

// located gives an error of the decoder the place that it names; at stands in where it
// names none.
func located(err error, at int64) *Error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at, err = e.ByteOffset, e.Err
	} else if e, ok := errors.AsType[*json.SemanticError](err); ok {
		at, err = e.ByteOffset, e.Err
		if e.JSONKind != 0 && e.GoType != nil {
			err = fmt.Errorf("cannot unmarshal %s at %.200q into %v", nameOf(e.JSONKind), e.JSONPointer, e.GoType)
			if e.Err != nil {
				err = fmt.Errorf("%w: %w", err, e.Err)
			}
		}
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Offset: at, Err: err}
}

func nameOf(k jsontext.Kind) string {
	switch k {
	case jsontext.KindBeginObject:
		return "object"
	case jsontext.KindBeginArray:
		return "array"
	}
	return k.String()
}
