package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// walker checks a document. Where encoding/json takes a field's name in any case,
// another reader may not, so a name must be spelt as the type spells it.
type walker struct {
	dec      *jsontext.Decoder
	limits   Limits
	left     int // of the memory
	spelling map[string]string
	// names are those of the objects under way, the outermost first.
	names []string
}

func check(b []byte, l Limits, d *document) error {
	if len(b) > l.Bytes {
		return &Error{Offset: int64(l.Bytes), Err: fmt.Errorf("%d bytes, more than the %d allowed", len(b), l.Bytes)}
	}
	if !utf8.Valid(b) {
		return &Error{Err: fmt.Errorf("%w: not valid UTF-8", ErrNotJSON)}
	}
	w := &walker{limits: l, left: l.Memory}
	if w.left == 0 {
		w.left = MaxMemory
	}
	var s *shape
	if d != nil {
		s, w.spelling = d.shape, d.spelling
	}
	// Names are compared here, as they fold. A buffer is read where it lies.
	w.dec = jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true))
	if err := w.value(s, 0); err != nil {
		if _, bad := errors.AsType[*jsontext.SyntacticError](err); w.dec.InputOffset() == 0 && (bad || errors.Is(err, io.EOF)) {
			if len(bytes.TrimSpace(b)) == 0 {
				return &Error{Err: ErrEmpty}
			}
			if !started(b) {
				return &Error{Err: ErrNotJSON}
			}
		}
		return located(err, w.dec.InputOffset())
	}
	if _, err := w.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return &Error{Offset: w.dec.InputOffset(), Err: errors.New("something follows the document")}
	}
	return nil
}

// What values take that no type tells: one that is decoded by somebody else, and one
// that is passed over.
const (
	anyCost     = 160
	skippedCost = 16
)

func (w *walker) charge(n int) error {
	if w.left -= n; w.left < 0 {
		return ErrBudget
	}
	return nil
}

// value walks one value of a shape.
func (w *walker) value(s *shape, depth int) error {
	kind := w.dec.PeekKind()
	for kind != jsontext.KindNull && s != nil && s.kind == reflect.Pointer {
		s = s.elem
		if err := w.charge(s.size); err != nil {
			return err
		}
	}
	cost := skippedCost
	if s == nil || s.opaque {
		cost = anyCost
	}
	if kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		return w.scalar(kind, cost)
	}
	if err := w.charge(cost); err != nil {
		return err
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	if depth == MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	walk := w.elements
	if kind == jsontext.KindBeginObject {
		walk = w.members
	}
	if err := walk(s, depth); err != nil {
		return err
	}
	_, err := w.dec.ReadToken()
	return err
}

func (w *walker) scalar(kind jsontext.Kind, cost int) error {
	v, err := w.dec.ReadValue()
	if err != nil {
		return err
	}
	if kind == jsontext.KindString {
		cost += len(v) - len(`""`)
	}
	if err := w.charge(cost); err != nil || kind != jsontext.KindNumber {
		return err
	}
	return number(v)
}

// more says that an array or object has a further element.
func (w *walker) more() bool {
	kind := w.dec.PeekKind()
	return kind != jsontext.KindEndArray && kind != jsontext.KindEndObject
}

// elements walks an array. A slice grows by up to a quarter more than it holds, and
// its last copy lives beside it for a while: an element counts twice.
func (w *walker) elements(s *shape, depth int) error {
	of, size := s.within(), 0
	if s.is(reflect.Slice) {
		of, size = s.elem, 2*s.elem.size
	} else if s.is(reflect.Array) {
		of = s.elem
	}
	for w.more() {
		if err := w.charge(size); err != nil {
			return err
		}
		if err := w.value(of, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// members walks an object.
func (w *walker) members(s *shape, depth int) error {
	outer := len(w.names)
	var many map[string]bool
	for w.more() {
		name, err := w.name()
		if err != nil {
			return err
		}
		f, isField := s.field(name)
		path := false
		if !isField {
			f.folded, path = w.key(s, name)
		}
		if many, err = w.once(outer, many, f.folded, name); err != nil {
			return err
		}
		if !isField {
			if f.shape, err = w.member(s, name, f.folded, path); err != nil {
				return err
			}
		}
		// The names that were seen are kept while an object is walked.
		cost := 2*len(name) + 32
		if s.is(reflect.Map) {
			cost += 2 * (s.key + s.elem.size)
		}
		if err := w.charge(cost); err != nil {
			return err
		}
		if err := w.value(f.shape, depth+1); err != nil {
			return err
		}
	}
	w.names = w.names[:outer]
	return nil
}

// name reads the name of a member. It is only good until the next read.
func (w *walker) name() ([]byte, error) {
	v, err := w.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], nil
	}
	return jsontext.AppendUnquote(nil, v)
}

// key is what a name counts as that is no field's; path says that it is a file's.
func (w *walker) key(s *shape, name []byte) (key string, path bool) {
	if (s == nil || s.is(reflect.Map)) && w.limits.Paths {
		return string(name), true
	}
	return fold(string(name)), false
}

// member is the shape of the value of a member that is no field.
func (w *walker) member(s *shape, name []byte, key string, path bool) (*shape, error) {
	if right := w.spelt(s, key); !path && right != "" && right != string(name) {
		return nil, fmt.Errorf("field %.60q: it is spelt %q", name, right)
	}
	switch {
	case s.is(reflect.Map):
		return s.elem, nil
	case s.is(reflect.Struct) && !w.limits.Unknown:
		return nil, fmt.Errorf("json: unknown field %.60q", name)
	}
	return s.within(), nil
}

// spelt is how a name has to be spelt, "" where any spelling will do. Where fields are
// let be that the type does not have, they may have the name of one elsewhere.
func (w *walker) spelt(s *shape, folded string) string {
	right := w.spelling[folded]
	if w.limits.Unknown {
		if !s.is(reflect.Struct) {
			return ""
		}
		if _, ok := s.fields[right]; !ok {
			return ""
		}
	}
	return right
}

// fewNames is up to how many names of an object are compared one by one.
const fewNames = 24

// once refuses a name that the object had before.
func (w *walker) once(outer int, many map[string]bool, key string, name []byte) (map[string]bool, error) {
	own := w.names[outer:]
	again := many[key]
	if many == nil {
		for _, before := range own {
			again = again || before == key
		}
	}
	if again {
		return many, fmt.Errorf("duplicate field %.60q", name)
	}
	w.names = append(w.names, key)
	if many == nil && len(own) >= fewNames {
		many = map[string]bool{}
		for _, before := range own {
			many[before] = true
		}
	}
	if many != nil {
		many[key] = true
	}
	return many, nil
}

// longest is how many characters a number may have that is in the range of a double
// whatever they are, if none of them is an exponent's.
const longest = 300

// number refuses what a double cannot hold: some readers clamp it, some fail
// (RFC 8259, section 6).
func number(text []byte) error {
	if len(text) <= longest && bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 {
		return nil
	}
	if _, err := strconv.ParseFloat(string(text), 64); err != nil {
		return fmt.Errorf("number %.20s is out of the range of a double", text)
	}
	return nil
}

// started says that a text begins as a JSON value does.
func started(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && bytes.IndexByte([]byte(`{["-0123456789`), b[0]) >= 0
}
