package strictjson_test

import (
	"errors"
	"strings"
	"testing"

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
		{"empty", ``, "unexpected"},
		{"not UTF-8", "{\"a\":1,\"b\":{\"c\":\"\xff\"}}", "UTF-8"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "deeper"},
		{"too large", `{"a":1,"b":{"c":"` + strings.Repeat("x", 2000) + `"}}`, "more than"},
		{"a number no double holds", `{"a":1e999}`, "out of the range"},
		{"a name with a long s", `{"a":1,"b":{"\u017Fize":1,"size":2}}`, "duplicate"},
		{"wrong type", `{"a":"1"}`, "cannot unmarshal"},
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
