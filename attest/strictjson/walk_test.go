package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzScanner: what is refused as no JSON is what package jsontext refuses, at any place
// of a text; and of what is taken it finds no name twice.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,{"b":null}],"c":"\u0061"}`, "[[[[", ` [ ] `, `{"a" : -0.5e+3 , "b":[true,false]}`, `{"a":1,}`, `[1,]`, `[1 2]`,
		`{"a":1 "b":2}`, `{"a","b"}`, `{1:2}`, `01`, `-`, `1.`, `1e`, `1.5E-07`, `.5`, `+1`, `nul`, `nulll`, `tru`, `"a`, `"\`, `"\x"`,
		`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\uD8"`, "\"\x1f\"", "\"\x7f\"", "\x00", "[\x00]", "{\"a\":1}\x00",
		"\ufeff{}", "\u00a0[]", "[1,\v2]", `{"\u0041":1,"A":2}`, `{"":0,"":1}`, strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Check(b, 1<<16)
		dec := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true))
		value, want := dec.ReadValue()
		value = value.Clone() // which the next token overwrites
		if want == nil {
			_, more := dec.ReadToken()
			if more == nil || errors.As(more, new(*jsontext.SyntacticError)) {
				want = errors.New("something follows")
			}
		}
		switch {
		case err == nil && want != nil:
			t.Fatalf("%q is taken, jsontext says %v", b, want)
		case err == nil:
			if err := value.Compact(); err != nil {
				t.Errorf("%q has a name twice: %v", b, err)
			}
		case noJSON(err) && want == nil:
			t.Fatalf("%q is refused: %v", b, err)
		}
	})
}

// noJSON says that a text was refused for its form, and not for what it says.
func noJSON(err error) bool {
	return errors.As(err, new(syntaxError)) || errors.Is(err, ErrNotJSON) || errors.Is(err, ErrEmpty) ||
		strings.Contains(err.Error(), "something follows")
}

// FuzzSplit: the members of a document, decoded one by one, are the document decoded as a
// whole, and no more is taken.
func FuzzSplit(f *testing.F) {
	type inner struct {
		C string         `json:"c"`
		E map[string]int `json:"e"`
	}
	type doc struct {
		inner
		A   int             `json:"a"`
		B   *inner          `json:"b"`
		L   []inner         `json:"l"`
		Sum []byte          `json:"sum"`
		Raw json.RawMessage `json:"raw"`
	}
	type some struct {
		inner
		L []inner `json:"l"`
	}
	for _, seed := range []string{
		`{"a":1,"b":{"c":"x","e":{"x":1}},"c":"y","l":[{"c":"z"},null],"sum":"AAEC","raw":[1]}`, `null`, `[]`, `{"l":[1]}`, `{"l":{}}`,
		`{"a":[]}`, `{"c":1}`, `{"b":[]}`, `{"sum":[1,2]}`, `{"l":null,"raw":{"L":2}}`, `{ "c" : "\u0061" , "l" : [ ] }`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := Limits{Bytes: 1 << 16}
		var want doc
		whole := Decode(b, limits, &want)
		members, err := Split(b, limits, reflect.TypeFor[doc]())
		if err != nil {
			if whole == nil {
				t.Fatalf("%q is not split: %v", b, err)
			}
			return
		}
		var got doc
		err = members.Decode(&got)
		if (err == nil) != (whole == nil) {
			t.Fatalf("%q as a whole: %v; by members: %v", b, whole, err)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, by members %#v", b, want, got)
		}
		var part, again some
		if err := members.Decode(&part); err != nil || !reflect.DeepEqual(part, some{want.inner, want.L}) {
			t.Errorf("%q: a part is %#v, %v", b, part, err)
		}
		if err := DecodeAgain(members.Only(reflect.TypeFor[some]()), &again); err != nil || !reflect.DeepEqual(part, again) {
			t.Errorf("%q: read again a part is %#v, %v", b, again, err)
		}
	})
}

// BenchmarkCheck is the check of a text beside that it is JSON at all.
func BenchmarkCheck(b *testing.B) {
	type finding struct {
		ID       string   `json:"id"`
		Status   string   `json:"status"`
		Detail   string   `json:"detail"`
		Evidence []string `json:"evidence"`
	}
	list := make([]finding, 500)
	for i := range list {
		list[i] = finding{"GA-BD-001", "pass", strings.Repeat("It is as it should be. ", 5), []string{"/inventory/devices/0", "/inventory/host"}}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("strictjson", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := Split(text, Limits{Bytes: len(text)}, reflect.TypeFor[[]finding]()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("jsontext", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if !jsontext.Value(text).IsValid() {
				b.Fatal("no JSON")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if !json.Valid(text) {
				b.Fatal("no JSON")
			}
		}
	})
}
