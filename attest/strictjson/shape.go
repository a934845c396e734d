package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what a walk needs to know of a type. A nil shape is that of anything.
type shape struct {
	kind reflect.Kind
	// size is that of a value, key that of a map's key, in bytes.
	size, key int
	// opaque says that the type decodes itself, or can hold anything.
	opaque bool
	of     reflect.Type
	// elem is what a pointer, an array, a slice or a map holds.
	elem *shape
	// fields are those of a struct, in its order, and places are theirs by name.
	fields []field
	places map[string]int
	// numbers are those of names, as they fold: who takes one for the other has one field.
	numbers map[string]int
}

// field is a field of a struct by its name in a document.
type field struct {
	*shape
	name   string
	number int
}

// document is the shape of a whole document.
type document struct {
	*shape
	// spelling are the names of all fields inside, by their folded form.
	spelling map[string]string
}

// passed is the shape of what is not decoded.
var passed = &shape{kind: reflect.Invalid}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// known are documents by type: a program decodes few types, many times.
var known sync.Map

// shapeOf is what a walk needs to know of a document that is decoded into a t.
func shapeOf(t reflect.Type) *document {
	if d, ok := known.Load(t); ok {
		return d.(*document)
	}
	l := learner{shapes: map[reflect.Type]*shape{}, spelling: map[string]string{}}
	d := &document{l.learn(t), l.spelling}
	known.Store(t, d)
	return d
}

type learner struct {
	shapes   map[reflect.Type]*shape
	spelling map[string]string
}

func (l *learner) learn(t reflect.Type) *shape {
	if s := l.shapes[t]; s != nil {
		return s
	}
	s := &shape{kind: t.Kind(), size: int(t.Size()), of: t}
	s.opaque = s.kind == reflect.Interface || t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler)
	l.shapes[t] = s
	switch s.kind {
	case reflect.Map:
		s.key, s.elem = int(t.Key().Size()), l.learn(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		s.elem = l.learn(t.Elem())
	case reflect.Struct:
		l.fields(s, t)
	}
	return s
}

// fields notes the names of a struct's fields, those of embedded structs included.
func (l *learner) fields(s *shape, t reflect.Type) {
	s.places, s.numbers = map[string]int{}, map[string]int{}
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
			continue
		case f.Anonymous && name == "":
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			for _, of := range l.learn(inner).fields {
				if _, own := s.places[of.name]; !own {
					s.add(of.name, of.shape)
				}
			}
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		l.spelling[fold(name)] = name
		s.add(name, l.learn(f.Type))
	}
}

// add adds a field, which one of an embedded struct gives way to.
func (s *shape) add(name string, of *shape) {
	if place, there := s.places[name]; there {
		s.fields[place].shape = of
		return
	}
	folded := fold(name)
	number, there := s.numbers[folded]
	if !there {
		number = len(s.numbers)
		s.numbers[folded] = number
	}
	s.places[name] = len(s.fields)
	s.fields = append(s.fields, field{of, name, number})
}

// within is the shape of what lies in a value: in what decodes itself anything, in what
// is passed over, or has the wrong form and will be refused, nothing.
func (s *shape) within() *shape {
	if s == nil || s.opaque {
		return nil
	}
	return passed
}

// ahead is how many fields may be left out between two that come in the type's order.
const ahead = 8

// field is the field of a struct that has a name, and its place, which is -1 where there is
// none. It is looked for from a place on first.
func (s *shape) field(name []byte, from int) (field, int) {
	if !s.is(reflect.Struct) {
		return field{}, -1
	}
	for i := from; i < min(from+ahead, len(s.fields)); i++ {
		if s.fields[i].name == string(name) {
			return s.fields[i], i
		}
	}
	if i, ok := s.places[string(name)]; ok {
		return s.fields[i], i
	}
	return field{}, -1
}

// folded is the number of the field that a name is taken for by who does not look at case.
func (s *shape) folded(key string) (number int, ok bool) {
	if !s.is(reflect.Struct) {
		return 0, false
	}
	number, ok = s.numbers[key]
	return number, ok
}

// takes says that a value that begins with a byte can be decoded into the type, as far as
// arrays and objects go.
func (s *shape) takes(kind byte) bool {
	switch {
	case s == nil || s.opaque || s.kind == reflect.Invalid:
		return true
	case s.kind == reflect.Struct || s.kind == reflect.Map:
		return kind == '{'
	case s.kind == reflect.Slice || s.kind == reflect.Array:
		return kind == '[' || kind == '"' && s.elem.kind == reflect.Uint8
	}
	return kind != '{' && kind != '['
}

// is says that a value of that kind is decoded field by field, or one by one.
func (s *shape) is(kind reflect.Kind) bool { return s != nil && s.kind == kind && !s.opaque }

// fold gives names that differ in case alone the same spelling: some readers take one
// for the other. Lower case alone is not enough: the long s and the Kelvin sign fold too.
func fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return strings.ToLower(strings.ToUpper(name))
		}
	}
	return name
}
