package signed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

func TestKinds(t *testing.T) {
	tar := make([]byte, 512)
	copy(tar[257:], "ustar")
	for _, tt := range []struct {
		name, text string
		want       signed.Kind
	}{
		{"report", `{"schema":"gpuaudit.report/v1"}`, signed.KindReport},
		{"a name spelt with an escape", `{"\u006dediaType":""}`, signed.KindBundle},
		{"envelope first", `{"dsseEnvelope":{}}`, signed.KindBundle},
		{"material first", " \r\n\t{\n\"verificationMaterial\":{}}", signed.KindBundle},
		{"a bundle about a file", `{"messageSignature":{}}`, signed.KindBundle},
		{"a name of a bundle further inside", `{"schema":{"mediaType":""}}`, signed.KindReport},
		{"another spelling of the name", `{"media_type":""}`, signed.KindReport},
		{"nothing but a brace", `{`, signed.KindReport},
		{"no name", `{1:2}`, signed.KindReport},
		{"gzip", "\x1f\x8b\x08", signed.KindCapture},
		{"tar", string(tar), signed.KindCapture},
		{"half a tar header", string(tar[:256]), signed.KindOther},
		{"statement", `{"_type":"https://in-toto.io/Statement/v1"}`, signed.KindOther},
		{"empty", "", signed.KindOther},
		{"white space", strings.Repeat(" ", 8192) + "{", signed.KindOther},
		{"another space", "\u00a0{}", signed.KindOther},
	} {
		f, err := signed.Load(strings.NewReader(tt.text))
		if err != nil || f.Kind != tt.want {
			t.Errorf("%s: %+v, %v; want %q", tt.name, f, err, tt.want)
			continue
		}
		if (f.Unsigned() == nil) != (tt.want == signed.KindBundle) {
			t.Errorf("%s: %v", tt.name, f.Unsigned())
		}
		if s, err := f.Report(nil); err == nil || s != nil {
			t.Errorf("%s is a report: %+v", tt.name, s)
		}
	}
}

// TestNoNameOfABundle: the first name tells a report from a bundle only as long as
// they have none in common.
func TestNoNameOfABundle(t *testing.T) {
	for f := range reflect.TypeFor[report.Report]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		got, err := signed.Load(strings.NewReader(`{"` + name + `":null}`))
		if err != nil || got.Kind != signed.KindReport {
			t.Errorf("a report that begins with %s is taken for a %q", name, got.Kind)
		}
	}
	signer, _ := newKey(t)
	var members map[string]json.RawMessage
	if err := json.Unmarshal(bundleOf(t, signer, made(1)), &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		got, err := signed.Load(strings.NewReader(`{"` + name + `":null}`))
		if err != nil || got.Kind != signed.KindBundle {
			t.Errorf("a bundle that begins with %s is taken for a %q", name, got.Kind)
		}
	}
}

func TestLoadReadsACaptureNoFurther(t *testing.T) {
	whole := append([]byte("\x1f\x8b"), bytes.Repeat([]byte("x"), 1<<20)...)
	r := bytes.NewReader(whole)
	f, err := signed.Load(iotest.OneByteReader(r))
	if err != nil {
		t.Fatal(err)
	}
	if read := len(whole) - r.Len(); read > 8192 {
		t.Errorf("%d bytes of a capture were read", read)
	}
	again, err := io.ReadAll(f.Archive)
	if err != nil || !bytes.Equal(again, whole) {
		t.Errorf("%d of %d bytes are left, %v", len(again), len(whole), err)
	}
	if _, err := f.Report(nil); !errors.Is(err, signed.ErrNoReport) {
		t.Error(err)
	}
}

func TestLoadFails(t *testing.T) {
	broken := errors.New("broken disk")
	for _, before := range []string{"", `{"schema":`, `{"schema":"` + strings.Repeat("x", 1<<20)} {
		if f, err := signed.Load(io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %+v, %v", len(before), f, err)
		}
	}
	if _, err := signed.Load(io.MultiReader(strings.NewReader("{"), zeros{})); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("without an end: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestReportsLackNothing: what is left of a report is no report of a machine without
// devices.
func TestReportsLackNothing(t *testing.T) {
	whole, err := json.Marshal(made(1))
	if err != nil {
		t.Fatal(err)
	}
	read := func(change func(map[string]any)) error {
		var doc map[string]any
		if err := json.Unmarshal(whole, &doc); err != nil {
			t.Fatal(err)
		}
		change(doc)
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		f, err := signed.Load(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Report(nil)
		if _, facts := f.OnlyFacts(nil); errors.Is(err, signed.ErrContent) != errors.Is(facts, signed.ErrContent) {
			t.Errorf("read whole: %v; for its facts: %v", err, facts)
		}
		return err
	}
	if err := read(func(map[string]any) {}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schema", "tool", "now", "fail_on", "verdict", "findings", "devices", "inventory"} {
		for what, change := range map[string]func(map[string]any){
			"missing": func(doc map[string]any) { delete(doc, name) }, "null": func(doc map[string]any) { doc[name] = nil },
		} {
			if err := read(change); !errors.Is(err, signed.ErrContent) {
				t.Errorf("%s is %s: %v", name, what, err)
			}
		}
	}
}

// TestFactsAreThoseOfTheWholeReport: who reads the facts alone gets the same, and refuses
// what is written in two ways in a part that is passed over.
func TestFactsAreThoseOfTheWholeReport(t *testing.T) {
	r := made(2)
	r.Problems = []report.Problem{{Kind: report.ProblemInput, Input: "x", Cause: "y"}}
	r.Attestation = &facts.Attestation{Reason: "because"}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	load := func(text string) *signed.File {
		f, err := signed.Load(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	whole, err := load(string(text)).Report(nil)
	if err != nil {
		t.Fatal(err)
	}
	file := load(string(text))
	got, err := file.OnlyFacts(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The next file is read into the same memory.
	room := file.Room()
	copy(room[:len(text)], bytes.Repeat([]byte("x"), len(text)))
	pairs := map[string][2]any{
		"clock": {got.Report.Now, whole.Report.Now}, "verdict": {got.Report.Verdict, whole.Report.Verdict},
		"text": {got.Facts, whole.Facts},
	}
	again, err := report.DecodeGathered(got.Facts)
	if err != nil {
		t.Fatal(err)
	}
	for when, r := range map[string]*report.Report{"first": got.Report, "again": again} {
		pairs[when+", inventory"] = [2]any{r.Inventory, whole.Report.Inventory}
		pairs[when+", problems"] = [2]any{r.Problems, whole.Report.Problems}
		pairs[when+", attestation"] = [2]any{r.Attestation, whole.Report.Attestation}
		pairs[when+", proofs"] = [2]any{r.GPUProof, whole.Report.GPUProof}
	}
	for what, pair := range pairs {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %+v, want %+v", what, pair[0], pair[1])
		}
	}
	for name, change := range map[string][2]string{
		"a name twice in a finding":          {`"status":"pass"`, `"status":"pass","status":"fail"`},
		"a name in other case in a finding":  {`"status":"pass"`, `"Status":"pass"`},
		"an unknown name in a finding":       {`"status":"pass"`, `"state":"pass"`},
		"a finding that is none":             {`"findings":[`, `"findings":[1,`},
		"an unknown name in a judged device": {`"devices":[{`, `"devices":[{"adress":"",`},
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("%s: nothing to change in %s", name, text)
		}
		if _, err := load(changed).OnlyFacts(nil); !errors.Is(err, signed.ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
