// Package schematest holds the published schemas to the Go types that they are of,
// for tests. The names under $defs are part of what is published: they follow from
// the words of a type's name, never from the package it stands in, so that types may
// move. A type that is renamed keeps its published name by a line in names.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/invopop/jsonschema"
)

// names are those that the words of a type's name would not give: two types with one
// name in one schema, or a name that says nothing outside of its package.
var names = map[string]string{
	"catalogue.BAR":      "known_bar",
	"catalogue.Facts":    "known_device",
	"catalogue.Rows":     "catalogue",
	"facts.Verdict":      "comparison",
	"finding.Identity":   "identity_meaning",
	"manifest.Predicate": "manifest",
	"pack.File":          "pack",
	"pack.Question":      "purpose",
	"report.Device":      "device_result",
}

// Schema is a published schema and what it is of.
type Schema struct {
	Files []string // paths, all with the same text
	Of    any      // pointer to the value that a document is read into
	ID    string
	Title string
	// Flat writes each type out where it is used, as OPA's type checker needs it.
	Flat bool
}

// Check compares the files with the schema of the type, and writes them before
// where update is set.
func (s Schema) Check(t *testing.T, update bool) {
	t.Helper()
	want, err := s.text()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range s.Files {
		if update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the schema of the types (%v): run this package's tests with -update", file, err)
		}
	}
}

func (s Schema) text() ([]byte, error) {
	n := namer{of: map[string]reflect.Type{}}
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: s.Flat}
	if !s.Flat {
		r.Namer = n.name
	}
	schema := r.Reflect(s.Of)
	schema.ID, schema.Title = jsonschema.ID(s.ID), s.Title
	if n.clash != nil {
		return nil, n.clash
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

// namer gives each type of a schema its published name.
type namer struct {
	of    map[string]reflect.Type
	clash error
}

func (n *namer) name(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.Name()
	}
	name, ok := names[path.Base(t.PkgPath())+"."+t.Name()]
	if !ok {
		name = words(t.Name())
	}
	if t.Kind() != reflect.Struct { // written out where it is used
		return name
	}
	if other, taken := n.of[name]; taken && other != t {
		n.clash = fmt.Errorf("%s and %s are both published as %q: give one of them a name in package schematest", other, t, name)
	}
	n.of[name] = t
	return name
}

// words writes a Go name as JSON's fields are written: "EFIImage" is "efi_image".
func words(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		starts := i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if starts {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
