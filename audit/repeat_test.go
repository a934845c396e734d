package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// given are the inputs that somebody who repeats a report has to bring: the question
// is the report's.
func given() Inputs {
	in := full()
	in.Question = Question{Now: clock}
	in.Purchase = nil
	in.Waivers.Fleet = ""
	in.Rules = &source.Rules{Path: "mine", Kind: source.Directory, Files: input.Folder{"rule.rego": []byte("package x")}}
	return in
}

// madeOf is a report of all inputs.
func madeOf(t *testing.T) *report.Report {
	t.Helper()
	in := full()
	in.Rules = given().Rules
	return run(t, in, host("good", "bad"))
}

func TestRepeat(t *testing.T) {
	r := madeOf(t)
	for name, tc := range map[string]struct {
		in   func(*Inputs)
		m    *machine.Machine
		of   func(*report.Report)
		kind fault.Kind
		want string // "" where the report is the same
	}{
		"the same inputs":       {},
		"the purchase, too":     {in: func(in *Inputs) { in.Purchase = full().Purchase }},
		"another machine":       {m: host("good", "good"), kind: fault.Signature, want: "differs"},
		"one machine too few":   {m: host("good"), kind: fault.Signature, want: "differs"},
		"no pack":               {in: func(in *Inputs) { in.Pack = nil }, want: "not given: --pack ours"},
		"another pack":          {in: func(in *Inputs) { in.Pack = file("p.yaml", strings.Replace(ours, "ours", "theirs", 1)) }, want: "not given: --pack ours"},
		"another edition of it": {in: func(in *Inputs) { in.Pack = file("p.yaml", ours+"fail_on: low\n") }, want: "other data (pack-ours"},
		"no rules":              {in: func(in *Inputs) { in.Rules = nil }, want: "not given: --policy directory"},
		"other rules":           {in: func(in *Inputs) { in.Rules.Files = input.Folder{"rule.rego": []byte("package y")} }, want: "not given: --policy directory"},
		"no waivers":            {in: func(in *Inputs) { in.Waivers = nil }, want: "not given: --waivers (sha256:"},
		"other waivers":         {in: func(in *Inputs) { in.Waivers = &waive.Given{File: file("w.yaml", waivers+"# other\n")} }, want: "not given: --waivers (sha256:"},
		"no witness":            {in: func(in *Inputs) { in.Beside.Witnesses = nil }, want: "not given: --witness lspci.txt"},
		"another dump":          {in: func(in *Inputs) { in.Beside.ROMs[0].File = file("card.rom", "mor") }, want: "not given: --rom card.rom"},
		"a dump too many": {in: func(in *Inputs) {
			in.Beside.ROMs = append(in.Beside.ROMs, machine.Dump{Address: "0000:02:00.0", File: file("more.rom", "x")})
		}, want: "knows of no --rom more.rom"},
		"another version":          {in: func(in *Inputs) { in.Program.Version = "2" }, want: "made by gpuaudit 1 with rules sha256:"},
		"other data":               {of: func(r *report.Report) { r.DataSets[0].SHA256 = strings.Repeat("0", 64) }, want: "other data (catalogue of"},
		"another clock":            {in: func(in *Inputs) { in.Question.Now = clock.AddDate(0, 0, 1) }, want: "this audit of"},
		"another key, and so":      {in: func(in *Inputs) { in.TPM.AK = "" }},
		"a lighter threshold":      {of: func(r *report.Report) { r.FailOn = "critical" }, kind: fault.Signature, want: "no audit gives such a report"},
		"another severity":         {of: func(r *report.Report) { r.FailOn = "low" }, kind: fault.Signature, want: "/pack/unknown_from"},
		"a verdict that was eased": {of: func(r *report.Report) { r.Findings[1].Status = "pass" }, kind: fault.Signature, want: "differs"},
		"another label of fleet":   {of: func(r *report.Report) { r.Waivers.Fleet = "" }},
		"another build":            {of: func(r *report.Report) { r.Tool.SHA256 = strings.Repeat("0", 64) }},
		"another build, and so another report": {of: func(r *report.Report) {
			r.Tool.SHA256, r.Findings[1].Title = strings.Repeat("0", 64), "other"
		}, want: "not the same inputs: give what it was made with: gpuaudit 1 (sha256:0000"},
		"a device that is not there": {of: func(r *report.Report) { r.Asked = []string{"0000:09:00.0"} }, kind: fault.Signature, want: "no such device"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := *stored(t, r).Report
			if tc.of != nil {
				tc.of(&changed)
			}
			in, m := given(), tc.m
			if tc.in != nil {
				tc.in(&in)
			}
			if m == nil {
				m = host("good", "bad")
			}
			err := made(t, in).Repeat(t.Context(), stored(t, &changed), m)
			switch {
			case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("%v, want %q", err, tc.want)
			case err != nil && fault.Of(err) != tc.kind:
				t.Errorf("kind %d of %v, want %d", fault.Of(err), err, tc.kind)
			}
		})
	}
}

// TestRepeatAsksForEach: of a report that names an input that is not here, the error
// names the flag that gives it, whatever the input is.
func TestRepeatAsksForEach(t *testing.T) {
	for _, kind := range []report.InputKind{report.InputWitness, report.InputROM, report.InputFlash, report.InputNVML, report.InputEvidence, report.InputManifest} {
		r := *stored(t, madeOf(t)).Report
		r.Inputs = append(r.Inputs, report.Input{Kind: kind, Name: "x", SHA256: strings.Repeat("0", 64)})
		err := made(t, given()).Repeat(t.Context(), stored(t, &r), host("good", "bad"))
		if want := "not given: --" + string(kind) + " x"; fault.Of(err) != fault.Usage || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	parts := map[string]func(*report.Report){
		"--manifests m.json": func(r *report.Report) { r.Manifests = []report.Manifest{{Name: "m.json", SHA256: "00"}} },
		"--catalogue ours":   func(r *report.Report) { r.Catalogues = []report.Catalogue{{Name: "ours", SHA256: "00"}} },
		"--channels maker": func(r *report.Report) {
			r.DataSets = append(r.DataSets, r.DataSets[0])
			r.DataSets[len(r.DataSets)-1].Name = "channel:maker"
		},
	}
	for want, change := range parts {
		r := *stored(t, madeOf(t)).Report
		change(&r)
		if err := made(t, given()).Repeat(t.Context(), stored(t, &r), host("good", "bad")); fault.Of(err) != fault.Usage || !strings.Contains(fmt.Sprint(err), "not given: "+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
