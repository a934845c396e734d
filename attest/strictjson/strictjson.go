// Package strictjson decodes documents from outside so that no two readers can see
// different contents in the same bytes, and none takes more memory than it may: no
// duplicate names, no unknown fields, no second value, and a budget of bytes, depth
// and memory that is held before anything is allocated.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
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
	w := newWalker(l)
	t := reflect.TypeOf(v).Elem()
	w.learn(t)
	if err := w.check(b, t); err != nil {
		return err
	}
	// Unknown fields are refused by now: a Decoder that did it would hold the text
	// twice more.
	if err := json.Unmarshal(b, v); err != nil {
		e := &Error{Err: err}
		if of, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			e.Offset = of.Offset
		}
		return e
	}
	return nil
}

// Check walks one JSON value of at most limit bytes.
func Check(b []byte, limit int) error { return newWalker(Limits{Bytes: limit}).check(b, nil) }

// walker checks a document. encoding/json takes a field's name in any case;
// another reader may not, so a name must be spelt as the type spells it.
type walker struct {
	limits   Limits
	left     int // of the memory
	spelling map[string]string
	fields   map[reflect.Type]map[string]reflect.Type
}

func newWalker(l Limits) *walker {
	if l.Memory == 0 {
		l.Memory = MaxMemory
	}
	return &walker{limits: l, left: l.Memory, spelling: map[string]string{}, fields: map[reflect.Type]map[string]reflect.Type{}}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// opaque says that a type decodes itself, or can hold anything.
func opaque(t reflect.Type) bool {
	return t == nil || t.Kind() == reflect.Interface || t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler)
}

// learn notes the field names of a type and of the types inside it.
func (w *walker) learn(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		w.learn(t.Elem())
	case reflect.Struct:
		if w.fields[t] != nil {
			return
		}
		own := map[string]reflect.Type{}
		w.fields[t] = own
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" {
				inner := f.Type
				if inner.Kind() == reflect.Pointer {
					inner = inner.Elem()
				}
				w.learn(inner)
				for name, of := range w.fields[inner] {
					own[name] = of
				}
				continue
			}
			if !f.IsExported() {
				continue
			}
			if name == "" {
				name = f.Name
			}
			own[name] = f.Type
			w.spelling[fold(name)] = name
			w.learn(f.Type)
		}
	}
}

func (w *walker) check(b []byte, t reflect.Type) error {
	if len(b) > w.limits.Bytes {
		return &Error{Offset: int64(w.limits.Bytes), Err: fmt.Errorf("%d bytes, more than the %d allowed", len(b), w.limits.Bytes)}
	}
	if !utf8.Valid(b) {
		return &Error{Err: fmt.Errorf("%w: not valid UTF-8", ErrNotJSON)}
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	err := w.value(dec, t, 0)
	if err != nil && dec.InputOffset() == 0 {
		switch {
		case len(bytes.TrimSpace(b)) == 0:
			return &Error{Err: ErrEmpty}
		case isSyntax(err):
			return &Error{Err: ErrNotJSON}
		}
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return &Error{Offset: dec.InputOffset(), Err: err}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return &Error{Offset: dec.InputOffset(), Err: errors.New("something follows the document")}
	}
	return nil
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*json.SyntaxError](err)
	return ok
}

// What values take that no type tells: one that is decoded by somebody else, and one
// that is passed over.
const (
	anyCost     = 160
	skippedCost = 16
)

// passed is the type of what is not decoded.
var passed = reflect.TypeFor[struct{ _ chan int }]()

func (w *walker) charge(n int) error {
	if w.left -= n; w.left < 0 {
		return ErrBudget
	}
	return nil
}

// value walks one value that is decoded into a t; nil where nobody knows.
func (w *walker) value(dec *json.Decoder, t reflect.Type, depth int) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	for t != nil && t.Kind() == reflect.Pointer && token != nil {
		t = t.Elem()
		if err := w.charge(int(t.Size())); err != nil {
			return err
		}
	}
	cost := skippedCost
	if t != passed && opaque(t) {
		cost = anyCost
	}
	if text, ok := token.(string); ok {
		cost += len(text)
	}
	if err := w.charge(cost); err != nil {
		return err
	}
	if n, ok := token.(json.Number); ok {
		return number(n)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	if delim == '{' {
		err = w.members(dec, t, depth)
	} else {
		err = w.elements(dec, t, depth)
	}
	if err != nil {
		return err
	}
	_, err = dec.Token()
	return err
}

// elements walks an array. A slice grows by up to a quarter more than it holds, and
// its last copy lives beside it for a while: an element counts twice.
func (w *walker) elements(dec *json.Decoder, t reflect.Type, depth int) error {
	of := within(t)
	size := 0
	if t != nil && t != passed && t.Kind() == reflect.Slice && !opaque(t) {
		of, size = t.Elem(), 2*int(t.Elem().Size())
	} else if t != nil && t.Kind() == reflect.Array && !opaque(t) {
		of = t.Elem()
	}
	for dec.More() {
		if err := w.charge(size); err != nil {
			return err
		}
		if err := w.value(dec, of, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// within is the type of what lies in a value: in what decodes itself anything, in what
// is passed over, or has the wrong form and will be refused, nothing.
func within(t reflect.Type) reflect.Type {
	if t != passed && opaque(t) {
		return nil
	}
	return passed
}

// spelt is how a name has to be spelt, "" where any spelling will do. Where fields are
// let be that the type does not have, they may have the name of one elsewhere.
func (w *walker) spelt(folded string, fields map[string]reflect.Type) string {
	right := w.spelling[folded]
	if w.limits.Unknown && fields[right] == nil {
		return ""
	}
	return right
}

func (w *walker) members(dec *json.Decoder, t reflect.Type, depth int) error {
	var names map[string]bool
	inMap := t != nil && t.Kind() == reflect.Map && !opaque(t)
	fields := map[string]reflect.Type(nil)
	if t != nil && t.Kind() == reflect.Struct && !opaque(t) {
		fields = w.fields[t]
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		key := name
		path := inMap && w.limits.Paths
		if !path {
			key = fold(name)
		}
		if names[key] {
			return fmt.Errorf("duplicate field %.60q", name)
		}
		if right := w.spelt(key, fields); !path && right != "" && right != name {
			return fmt.Errorf("field %.60q: it is spelt %q", name, right)
		}
		if names == nil {
			names = map[string]bool{}
		}
		names[key] = true
		// The names that were seen are kept while an object is walked.
		cost, of := 2*len(name)+32, within(t)
		switch {
		case inMap:
			of = t.Elem()
			cost += 2 * int(t.Key().Size()+of.Size())
		case fields[name] != nil:
			of = fields[name]
		case fields != nil && !w.limits.Unknown:
			return fmt.Errorf("json: unknown field %.60q", name)
		}
		if err := w.charge(cost); err != nil {
			return err
		}
		if err := w.value(dec, of, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// number refuses what a double cannot hold: some readers clamp it, some fail
// (RFC 8259, section 6).
func number(n json.Number) error {
	if _, err := n.Float64(); err != nil {
		return fmt.Errorf("number %.20s is out of the range of a double", n)
	}
	return nil
}

// fold gives names that encoding/json takes for each other the same spelling.
// Lower case alone is not enough: the long s and the Kelvin sign fold too.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
