package strictjson

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Members are those of a document that was checked, as they stand in it.
type Members []part

type part struct {
	name string
	at   int
	text []byte
}

// Split checks b as Decode does for a document of whole's type, and decodes nothing:
// what nobody asks for costs no memory. Every name is held against the type, and so are
// the budget and what is an array and an object; what else a value is, whoever decodes it
// finds.
func Split(b []byte, l Limits, whole reflect.Type) (Members, error) {
	d := shapeOf(whole)
	w := newWalker(b, l, d)
	w.split = true
	if err := w.document(d); err != nil {
		return nil, err
	}
	return w.whole, nil
}

// Text is the value of a member, nil where there is none. It is a part of the document.
func (m Members) Text(name string) []byte {
	for i := range m {
		if m[i].name == name {
			return m[i].text
		}
	}
	return nil
}

// Decode decodes into a struct the members for which it has a field. Of a document that is
// null there are none.
func (m Members) Decode(into any) error {
	v := reflect.ValueOf(into).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for i := range m {
			if m[i].name != name {
				continue
			}
			// What was walked has no name twice, at any depth.
			if err := json.Unmarshal(m[i].text, v.FieldByIndex(f.Index).Addr().Interface(), jsontext.AllowDuplicateNames(true)); err != nil {
				return inMember(&m[i], err)
			}
		}
	}
	return nil
}

// Only is a document with those members alone that a struct has fields for, as they stand:
// what [DecodeAgain] takes.
func (m Members) Only(of reflect.Type) []byte {
	size := len("{}")
	var some Members
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if text := m.Text(name); text != nil {
			some = append(some, part{name: name, text: text})
			size += len(`"":,`) + len(name) + len(text)
		}
	}
	b := append(make([]byte, 0, size), '{')
	for i, p := range some {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(append(b, '"'), p.name...), `":`...), p.text...)
	}
	return append(b, '}')
}

// DecodeAgain decodes a text of members that were checked when they were split: it checks
// nothing. Of another text it could make another thing than another reader.
func DecodeAgain(b []byte, into any) error {
	if err := json.Unmarshal(b, into, jsontext.AllowDuplicateNames(true)); err != nil {
		return located(err, 0)
	}
	return nil
}

// inMember gives an error of a member's decoder its place in the document.
func inMember(m *part, err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		e.JSONPointer = jsontext.Pointer("/"+m.name) + e.JSONPointer
	}
	e := located(err, 0)
	e.Offset += int64(m.at)
	return e
}
