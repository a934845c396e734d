package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

func TestRefusals(t *testing.T) {
	type doc struct {
		A int `json:"a"`
		B struct {
			C string `json:"c"`
		} `json:"b"`
	}
	for _, tc := range []struct{ name, in, want string }{
		{"good", `{"a":1,"b":{"c":"x"}}`, ""},
		{"unknown field", `{"a":1,"z":2}`, `unknown field "z"`},
		{"unknown field inside", `{"a":1,"b":{"z":2}}`, `unknown field "z"`},
		{"duplicate field", `{"a":1,"a":2}`, `duplicate field "a"`},
		{"duplicate field by escape", `{"a":1,"\u0061":2}`, `duplicate field "a"`},
		{"duplicate field inside", `{"b":{"c":"x","c":"y"}}`, `duplicate field "c"`},
		{"duplicate field in another case", `{"a":1,"A":2}`, `duplicate field "A"`},
		{"another case", `{"b":{"C":"x"}}`, `it is spelt "c"`},
		{"second value", `{"a":1}{"a":2}`, "follows"},
		{"trailing text", `{"a":1} x`, "follows"},
		{"truncated", `{"a":1`, "unexpected"},
		{"empty", ``, "the file is empty"},
		{"blank", " \n", "the file is empty"},
		{"text", "this is text", "no JSON document"},
		{"cut", `{"a`, "unexpected"},
		{"not UTF-8", "{\"a\":1,\"b\":{\"c\":\"\xff\"}}", "UTF-8"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "deeper"},
		{"too large", `{"a":1,"b":{"c":"` + strings.Repeat("x", 2000) + `"}}`, "more than"},
		{"a number no double holds", `{"a":1e999}`, "out of the range"},
		{"a name with a long s", `{"a":1,"b":{"\u017Fize":1,"size":2}}`, "unknown field"},
		{"wrong type", `{"a":"1"}`, "cannot unmarshal string at \"/a\" into int"},
		{"a text that no reader can show", `{"b":{"c":"\ud800"}}`, "surrogate"},
		{"a field of no document", `{"-":1}`, "unknown field"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var d doc
			err := strictjson.Unmarshal([]byte(tc.in), 1000, &d)
			var se *strictjson.Error
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (!errors.As(err, &se) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

// TestFold: names that encoding/json takes for each other are one name.
func TestFold(t *testing.T) {
	for _, in := range []string{`{"\u017Fize":1,"size":2}`, `{"\u212A":1,"k":2}`} {
		if err := strictjson.Check([]byte(in), 1000); err == nil || !strings.Contains(err.Error(), "duplicate") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// TestBudget: a small text that would be large in memory is refused before it is, and
// one that is large as it is is not.
func TestBudget(t *testing.T) {
	type element struct {
		Text  [8]string      `json:"text"`
		Paths map[string]int `json:"paths"`
	}
	type doc struct {
		List     []element       `json:"list"`
		Pointers []*element      `json:"pointers"`
		Map      map[string]int  `json:"map"`
		Any      any             `json:"any"`
		Raw      json.RawMessage `json:"raw"`
	}
	many := func(one string) string { return "[" + strings.Repeat(one+",", 100_000) + one + "]" }
	names := strings.Builder{}
	for i := range 100_000 {
		fmt.Fprintf(&names, `"%d":1,`, i)
	}
	for _, tc := range []struct {
		name, in string
		refused  bool
	}{
		{"list of empty objects", `{"list":` + many("{}") + `}`, true},
		{"list of null", `{"list":` + many("null") + `}`, true},
		{"list of pointers", `{"pointers":` + many("{}") + `}`, true},
		{"anything", `{"any":` + many("[]") + `}`, true},
		{"raw", `{"raw":` + many("[]") + `}`, true},
		{"names", `{"map":{` + names.String() + `"x":1}}`, true},
		{"unknown", `{"other":` + many("[]") + `}`, false},
		{"long text", `{"any":"` + strings.Repeat("x", 1<<20) + `"}`, false},
	} {
		var d doc
		err := strictjson.Decode([]byte(tc.in), strictjson.Limits{Bytes: 2 << 20, Memory: 4 << 20, Unknown: true}, &d)
		if errors.Is(err, strictjson.ErrBudget) != tc.refused {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if err := strictjson.Check([]byte(many("{}")), 1<<20); err != nil {
		t.Error(err)
	}
	if err := strictjson.Check([]byte("["+strings.Repeat("{},", 1_000_000)+"{}]"), 4<<20); !errors.Is(err, strictjson.ErrBudget) {
		t.Error(err)
	}
}

// TestPaths: names of files may differ in their case, and be those of fields in another.
func TestPaths(t *testing.T) {
	type doc struct {
		Files map[string]int `json:"files"`
	}
	limits := strictjson.Limits{Bytes: 100, Paths: true}
	var d doc
	if err := strictjson.Decode([]byte(`{"files":{"a":1,"A":2,"Files":3}}`), limits, &d); err != nil || len(d.Files) != 3 {
		t.Error(err, d)
	}
	for _, in := range []string{`{"files":{"a":1,"a":2}}`, `{"Files":{}}`, `{"files":{},"FILES":{}}`} {
		if err := strictjson.Decode([]byte(in), limits, &d); err == nil {
			t.Error(in)
		}
	}
}

// FuzzDecode: what is taken is what encoding/json, with its older implementation, makes
// of the same text.
func FuzzDecode(f *testing.F) {
	type inner struct {
		C string          `json:"c"`
		D []float64       `json:"d"`
		E map[string]*int `json:"e"`
	}
	type doc struct {
		inner
		A   int             `json:"a"`
		B   *inner          `json:"b"`
		Raw json.RawMessage `json:"raw"`
		Any any             `json:"any"`
		Day time.Time       `json:"day"`
		Sum []byte          `json:"sum"`
		Not string          `json:"-"`
	}
	f.Add([]byte(`{"a":1,"b":{"c":"x\u00e9\ud83d\ude00","d":[1e3,-0.5],"e":{"x":1,"y":null}},"c":null}`))
	f.Add([]byte(`{"raw":{"A":[1]},"any":[{"k":"v"}],"day":"2026-11-29T00:00:00Z","sum":"AAEC"}`))
	f.Add([]byte(`{"a":1.0,"-":"x"}`))
	f.Add([]byte(`{"c":"\ud800"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, want doc
		if err := strictjson.Unmarshal(b, 1<<16, &got); err != nil {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q is taken, encoding/json says %v", b, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, for encoding/json %#v", b, got, want)
		}
	})
}

func TestCheckWithin(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"A":{"b":2,"B":3}}`: "", `{"a":1,"a":2}`: "duplicate", `[` + strings.Repeat("{},", 30) + `{}]`: "more values",
	} {
		err := strictjson.CheckWithin([]byte(in), strictjson.Limits{Bytes: 1000, Memory: 2000, Paths: true})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %v", in, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"\u0061"}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := strictjson.Check(b, 1<<16); err != nil {
			return
		}
		var v any
		if err := strictjson.Unmarshal(b, 1<<16, &v); err != nil {
			t.Errorf("Check accepts %q, Unmarshal says %v", b, err)
		}
	})
}
