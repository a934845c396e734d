package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// walker checks a document. Where encoding/json takes a field's name in any case,
// another reader may not, so a name must be spelt as the type spells it.
type walker struct {
	scanner
	limits   Limits
	left     int // of the memory
	spelling map[string]string
	// names are those of the objects under way that are no fields, the outermost first.
	names []string
	// whole are the members of the document, where somebody asked for them.
	split bool
	whole Members
}

func check(b []byte, l Limits, d *document) error { return newWalker(b, l, d).document(d) }

func newWalker(b []byte, l Limits, d *document) *walker {
	w := &walker{scanner: scanner{text: b}, limits: l, left: l.Memory}
	if w.left == 0 {
		w.left = MaxMemory
	}
	if d != nil {
		w.spelling = d.spelling
	}
	return w
}

// document walks all of the text.
func (w *walker) document(d *document) error {
	b := w.text
	if len(b) > w.limits.Bytes {
		return &Error{Offset: int64(w.limits.Bytes), Err: fmt.Errorf("%d bytes, more than the %d allowed", len(b), w.limits.Bytes)}
	}
	if !utf8.Valid(b) {
		return &Error{Err: fmt.Errorf("%w: not valid UTF-8", ErrNotJSON)}
	}
	var s *shape
	if d != nil {
		s = d.shape
	}
	first := w.next()
	if w.at == len(b) {
		return &Error{Err: ErrEmpty}
	}
	if err := w.value(s, 0); err != nil {
		// A word that is no literal is none from its beginning on.
		if _, bad := errors.AsType[syntaxError](err); bad && !begins(first) {
			return &Error{Err: ErrNotJSON}
		}
		return located(err, int64(w.at))
	}
	if w.next(); w.at < len(b) {
		return &Error{Offset: int64(w.at), Err: errors.New("something follows the document")}
	}
	return nil
}

// kindOf is the kind of the value that begins with a byte.
func kindOf(c byte) jsontext.Kind {
	if c == '-' || '0' <= c && c <= '9' {
		c = '0'
	}
	return jsontext.Kind(c)
}

// begins says that a text begins with a byte as a document does.
func begins(c byte) bool { return strings.IndexByte(`{["-0123456789`, c) >= 0 }

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
	kind := w.next()
	for kind != 'n' && s != nil && s.kind == reflect.Pointer {
		s = s.elem
		if err := w.charge(s.size); err != nil {
			return err
		}
	}
	cost := skippedCost
	if s == nil || s.opaque {
		cost = anyCost
	}
	if w.split && kind != 'n' && !s.takes(kind) {
		return fmt.Errorf("cannot unmarshal %s into %v", nameOf(kindOf(kind)), s.of)
	}
	if kind != '{' && kind != '[' {
		return w.scalar(kind, cost)
	}
	if err := w.charge(cost); err != nil {
		return err
	}
	w.at++
	if depth == MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	if kind == '{' {
		return w.members(s, depth)
	}
	return w.elements(s, depth)
}

func (w *walker) scalar(kind byte, cost int) error {
	switch kind {
	case '"':
		v, _, err := w.quoted()
		if err != nil {
			return err
		}
		return w.charge(cost + len(v) - len(`""`))
	case 't':
		if err := w.literal("true"); err != nil {
			return err
		}
	case 'f':
		if err := w.literal("false"); err != nil {
			return err
		}
	case 'n':
		if err := w.literal("null"); err != nil {
			return err
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		v, err := w.number()
		if err != nil {
			return err
		}
		if err := w.charge(cost); err != nil {
			return err
		}
		return inRange(v)
	default:
		return w.expected("at start of value")
	}
	return w.charge(cost)
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
	if w.next() == ']' {
		w.at++
		return nil
	}
	for {
		if err := w.charge(size); err != nil {
			return err
		}
		if err := w.value(of, depth+1); err != nil {
			return err
		}
		switch w.next() {
		case ',':
			w.at++
		case ']':
			w.at++
			return nil
		default:
			return w.expected("after array element (expecting ',' or ']')")
		}
	}
}

// members walks an object.
func (w *walker) members(s *shape, depth int) error {
	if w.next() == '}' {
		w.at++
		return nil
	}
	seen := names{outer: len(w.names)}
	for {
		name, of, err := w.member(s, &seen)
		if err != nil {
			return err
		}
		if w.next() != ':' {
			return w.expected("after object name (expecting ':')")
		}
		w.at++
		w.next()
		begin := w.at
		if err := w.value(of, depth+1); err != nil {
			return err
		}
		if w.split && depth == 0 {
			w.whole = append(w.whole, part{string(name), begin, w.text[begin:w.at]})
		}
		switch w.next() {
		case ',':
			w.at++
		case '}':
			w.at++
			w.names = w.names[:seen.outer]
			return nil
		default:
			return w.expected("after object value (expecting ',' or '}')")
		}
	}
}

// member reads the name of a member, and tells the shape of its value.
func (w *walker) member(s *shape, seen *names) (name []byte, of *shape, err error) {
	if name, err = w.name(); err != nil {
		return nil, nil, err
	}
	f, place := s.field(name, seen.next)
	if place >= 0 {
		seen.next, of = place+1, f.shape
		if !seen.add(f.number) {
			return nil, nil, again(name)
		}
	} else {
		key, path := w.key(s, name)
		if !w.once(s, seen, key) {
			return nil, nil, again(name)
		}
		if of, err = w.other(s, name, key, path); err != nil {
			return nil, nil, err
		}
	}
	// The names that were seen are kept while an object is walked.
	cost := 2*len(name) + 32
	if s.is(reflect.Map) {
		cost += 2 * (s.key + s.elem.size)
	}
	return name, of, w.charge(cost)
}

// name reads the name of a member.
func (w *walker) name() ([]byte, error) {
	if w.next() != '"' {
		return nil, w.expected(`at start of string (expecting '"')`)
	}
	v, escapes, err := w.quoted()
	switch {
	case err != nil:
		return nil, err
	case !escapes:
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

// other is the shape of the value of a member that is no field.
func (w *walker) other(s *shape, name []byte, key string, path bool) (*shape, error) {
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
		if _, ok := s.places[right]; !ok {
			return ""
		}
	}
	return right
}

// names are those of an object that were read.
type names struct {
	// next is the place of the field that comes next where they come in the type's order.
	next int
	// few and many are the numbers of fields, those below 64 apart.
	few  uint64
	many map[int]bool
	// outer is how many other names the objects around this one have, and others are
	// its own, where they are many.
	outer  int
	others map[string]bool
}

// add takes the number of a field up that was not there.
func (n *names) add(number int) bool {
	if number >= 64 {
		if n.many == nil {
			n.many = map[int]bool{}
		}
		before := n.many[number]
		n.many[number] = true
		return !before
	}
	before := n.few & (1 << number)
	n.few |= 1 << number
	return before == 0
}

// fewNames is up to how many names of an object are compared one by one.
const fewNames = 24

// once takes a name up that is no field's, and was not there: neither as it is, nor as a
// field that somebody else takes it for.
func (w *walker) once(s *shape, seen *names, key string) bool {
	if number, ok := s.folded(key); ok && !seen.add(number) {
		return false
	}
	own := w.names[seen.outer:]
	if seen.others == nil && len(own) >= fewNames {
		seen.others = map[string]bool{}
		for _, before := range own {
			seen.others[before] = true
		}
	}
	if seen.others != nil {
		if seen.others[key] {
			return false
		}
		seen.others[key] = true
	} else if slices.Contains(own, key) {
		return false
	}
	w.names = append(w.names, key)
	return true
}

func again(name []byte) error { return fmt.Errorf("duplicate field %.60q", name) }

// longest is how many characters a number may have that is in the range of a double
// whatever they are, if none of them is an exponent's.
const longest = 300

// inRange refuses what a double cannot hold: some readers clamp it, some fail
// (RFC 8259, section 6).
func inRange(text []byte) error {
	if len(text) <= longest && bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 {
		return nil
	}
	if _, err := strconv.ParseFloat(string(text), 64); err != nil {
		return fmt.Errorf("number %.20s is out of the range of a double", text)
	}
	return nil
}
