// Package strictjson decodes signed documents so that no two readers can see
// different contents in the same bytes: no duplicate names, no unknown fields,
// no second value, bounded size and depth.
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

// Error is a fault of a document and the offset, in bytes, behind which it was
// seen.
type Error struct {
	Offset int64
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("offset %d: %v", e.Offset, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Unmarshal checks b and decodes it into v; fields that v does not have are
// errors, at every depth.
func Unmarshal(b []byte, limit int, v any) error {
	w := walker{spelling: map[string]string{}}
	w.learn(reflect.TypeOf(v))
	if err := w.check(b, limit); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return &Error{Offset: dec.InputOffset(), Err: err}
	}
	return nil
}

// Check walks one JSON value of at most limit bytes.
func Check(b []byte, limit int) error { return walker{}.check(b, limit) }

// walker checks a document. encoding/json takes a field's name in any case;
// another reader may not, so a name must be spelt as the type spells it.
type walker struct{ spelling map[string]string }

// learn notes the field names of a type and of the types inside it.
func (w walker) learn(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		w.learn(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			w.spelling[fold(name)] = name
			w.learn(f.Type)
		}
	}
}

func (w walker) check(b []byte, limit int) error {
	if len(b) > limit {
		return &Error{Offset: int64(limit), Err: fmt.Errorf("%d bytes, more than the %d allowed", len(b), limit)}
	}
	if !utf8.Valid(b) {
		return &Error{Err: errors.New("not valid UTF-8")}
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	err := w.value(dec, 0)
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

func (w walker) value(dec *json.Decoder, depth int) error {
	token, err := dec.Token()
	if err != nil {
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
	names := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			fold := fold(name)
			if names[fold] {
				return fmt.Errorf("duplicate field %.60q", name)
			}
			if right := w.spelling[fold]; right != "" && right != name {
				return fmt.Errorf("field %.60q: it is spelt %q", name, right)
			}
			names[fold] = true
		}
		if err := w.value(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
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
