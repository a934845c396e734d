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
	// elem is what a pointer, an array, a slice or a map holds.
	elem   *shape
	fields map[string]field
}

// field is a field of a struct by its name in a document.
type field struct {
	*shape
	// folded is the name as [fold] gives it.
	folded string
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
	s := &shape{kind: t.Kind(), size: int(t.Size())}
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
	s.fields = map[string]field{}
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
			for name, of := range l.learn(inner).fields {
				if _, own := s.fields[name]; !own {
					s.fields[name] = of
				}
			}
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		folded := fold(name)
		l.spelling[folded] = name
		s.fields[name] = field{l.learn(f.Type), folded}
	}
}

// within is the shape of what lies in a value: in what decodes itself anything, in what
// is passed over, or has the wrong form and will be refused, nothing.
func (s *shape) within() *shape {
	if s == nil || s.opaque {
		return nil
	}
	return passed
}

// field is the field of a struct that has a name.
func (s *shape) field(name []byte) (field, bool) {
	if !s.is(reflect.Struct) {
		return field{}, false
	}
	f, ok := s.fields[string(name)]
	return f, ok
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
