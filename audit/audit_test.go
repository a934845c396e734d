package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy"
)

var clock = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// fakeRules fail on a device of the maker "bad", do not know of one whose maker was
// not read, and pass otherwise. They break on the maker "broken".
type fakeRules struct{ user string }

func (f fakeRules) Rules() []policy.Rule { return []policy.Rule{{ID: "GA-XX-001"}} }
func (f fakeRules) IDs() []string        { return []string{"GA-XX-001"} }
func (f fakeRules) Prepare()             {}
func (f fakeRules) UserSHA256() string   { return f.user }
func (f fakeRules) OwnRules() int        { return 1 }
func (f fakeRules) HandedOver() map[string]string {
	return map[string]string{"GA-XX-002": "too deep", "GA-XX-001": "a statement"}
}

func (f fakeRules) Evaluate(_ context.Context, of any) ([]finding.Finding, error) {
	d := of.(*facts.Facts).Device
	if d == nil {
		return nil, nil
	}
	one := finding.Finding{ID: "GA-XX-001", Category: finding.Provenance, Severity: finding.High, Title: "maker", Status: finding.Pass, Evidence: []string{"/device/pci/vendor_id"}}
	switch {
	case d.PCI.VendorID == nil:
		one.Status, one.Missing, one.Evidence = finding.Unknown, one.Evidence, nil
	case *d.PCI.VendorID == "bad":
		one.Status = finding.Fail
	case *d.PCI.VendorID == "broken":
		return nil, fmt.Errorf("the rule broke")
	}
	return []finding.Finding{one}, nil
}

// fakes are parts of an audit that read makers from files: cards/ADDRESS.
func fakes() parts {
	return parts{
		load: func(_ context.Context, user fs.FS, _ map[string][]byte) (engine, error) {
			if user == nil {
				return fakeRules{}, nil
			}
			text, err := fs.ReadFile(user, "rule.rego")
			return fakeRules{input.SHA256(text)}, err
		},
		enumerate: func(*catalogue.Catalogue) collect.Enumerator {
			return func(_ context.Context, env *collect.Env) (collect.Seen, error) {
				var seen collect.Seen
				entries, err := fs.ReadDir(env.FS, "cards")
				for _, e := range entries {
					seen.Devices = append(seen.Devices, inventory.Device{Address: e.Name()})
				}
				return seen, err
			}
		},
		collectors: func() []collect.Collector {
			return []collect.Collector{{Name: "maker", Device: func(_ context.Context, env *collect.Env, d *inventory.Device) error {
				text, err := collect.Attr(env.FS, "cards/"+d.Address)
				if err != nil || text == "" {
					d.Gaps = append(d.Gaps, inventory.Gap{Fact: "/pci/vendor_id", Source: "cards", Reason: inventory.ReasonPermission})
					return nil
				}
				d.PCI.VendorID = &text
				if f, ok := env.ROMFiles[d.Address]; ok {
					d.Firmware.ROMs = append(d.Firmware.ROMs, inventory.ROM{Source: "file", SHA256: input.SHA256(f.Data)})
				}
				return nil
			}}}
		},
	}
}

// host is a machine whose cards are of these makers.
func host(makers ...string) *machine.Machine {
	files := fstest.MapFS{"cards": {Mode: fs.ModeDir}}
	for i, maker := range makers {
		files[fmt.Sprintf("cards/0000:0%d:00.0", i+1)] = &fstest.MapFile{Data: []byte(maker)}
	}
	return &machine.Machine{Env: &collect.Env{FS: files, Now: clock}}
}

func asked() Inputs {
	return Inputs{Program: Program{Name: "gpuaudit", Version: "1"}, Question: Question{Now: clock}}
}

func file(name, text string) *input.File { return &input.File{Name: name, Data: []byte(text)} }

// made assembles an audit of fake parts.
func made(t *testing.T, in Inputs) *Audit {
	t.Helper()
	a, err := assemble(t.Context(), in, fakes())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func run(t *testing.T, in Inputs, m *machine.Machine) *report.Report {
	t.Helper()
	r, err := made(t, in).Run(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t *testing.T, r *report.Report) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRun(t *testing.T) {
	m := host("good", "bad", "")
	m.Problems = []machine.Problem{{Input: "card.tar.gz", Cause: "it is cut off"}}
	r := run(t, asked(), m)
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Device+" "+string(f.Status)+" "+strings.Join(append(f.Evidence, f.Missing...), ","))
	}
	want := "0000:01:00.0 pass /inventory/devices/0/pci/vendor_id|0000:02:00.0 fail /inventory/devices/1/pci/vendor_id|0000:03:00.0 unknown /inventory/devices/2/pci/vendor_id"
	if strings.Join(got, "|") != want {
		t.Errorf("findings %q", got)
	}
	if len(r.Problems) != 1 || r.Problems[0].Kind != report.ProblemInput || r.Problems[0].Input != "card.tar.gz" {
		t.Errorf("problems %+v", r.Problems)
	}
	if r.Verdict.ExitCode != 1 || len(r.Devices) != 3 || r.FailOn != finding.High || !r.Now.Equal(clock) {
		t.Errorf("verdict %+v of %d devices, fail on %s at %s", r.Verdict, len(r.Devices), r.FailOn, r.Now)
	}
	if r.Tool != (report.Tool{Name: "gpuaudit", Version: "1"}) {
		t.Errorf("tool %+v", r.Tool)
	}
}

// TestNothingIsLost: what goes wrong is in the report, and the exit code says so.
func TestNothingIsLost(t *testing.T) {
	for name, tc := range map[string]struct {
		in   func(*Inputs)
		m    *machine.Machine
		kind report.ProblemKind
		code int
	}{
		"a rule breaks":             {nil, host("broken"), report.ProblemRule, 3},
		"devices cannot be listed":  {nil, &machine.Machine{Env: &collect.Env{FS: fstest.MapFS{}, Now: clock}}, report.ProblemInput, 3},
		"fewer devices than expect": {func(in *Inputs) { in.Question.Expect = 2 }, host("good"), report.ProblemCoverage, 3},
		"a witness is not understood": {func(in *Inputs) {
			in.Beside.Witnesses = []machine.Recording{{File: file("smi.txt", "nothing of the kind")}}
		}, host("good"), report.ProblemInput, 3},
		"a witness is too large": {func(in *Inputs) {
			in.Beside.Witnesses = []machine.Recording{{File: file("smi.txt", ""), TooLarge: true}}
		}, host("good"), report.ProblemInput, 3},
		"a manifest was not read": {func(in *Inputs) {
			in.Reference = reference.Given{Trust: trusting(t), Manifests: []reference.Manifest{{File: file("m.json", ""), Unread: "refused"}}}
		}, host("good"), report.ProblemSignature, 4},
	} {
		t.Run(name, func(t *testing.T) {
			in := asked()
			if tc.in != nil {
				tc.in(&in)
			}
			r := run(t, in, tc.m)
			if len(r.Problems) != 1 || r.Problems[0].Kind != tc.kind || r.Verdict.ExitCode != tc.code {
				t.Errorf("exit code %d, problems %+v", r.Verdict.ExitCode, r.Problems)
			}
		})
	}
}

// TestConclude: facts at hand give the report that the machine gives.
func TestConclude(t *testing.T) {
	a := made(t, asked())
	r, err := a.Run(t.Context(), host("good", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Conclude(t.Context(), Case{Inventory: &r.Inventory})
	if err != nil {
		t.Fatal(err)
	}
	if text(t, r) != text(t, again) {
		t.Error("the same facts give another report")
	}
	stored := &facts.Attestation{State: facts.AttestationFailed, Reason: "another nonce"}
	if r, err = a.Conclude(t.Context(), Case{Inventory: &r.Inventory, Attestation: stored}); err != nil || r.Verdict.ExitCode != 4 {
		t.Errorf("evidence that failed then: %v, exit code %d", err, r.Verdict.ExitCode)
	}
	proof := &machine.Proof{Missing: fs.ErrNotExist, Collected: clock}
	if r, err = a.Conclude(t.Context(), Case{Inventory: &r.Inventory, Proof: proof}); err != nil || r.Attestation.State != facts.AttestationAbsent {
		t.Errorf("a TPM that said nothing: %v, %+v", err, r.Attestation)
	}
}

const waivers = `version: 1
waivers:
  - {finding: GA-XX-001, scope: {device: "0000:02:00.0"}, reason: the maker of this card is known to us, owner: lab, approver: head, issued: 2026-11-01, expires: 2026-12-31}
`

const ours = `version: 1
name: ours
description: for tests
date: 2026-11-01
`

// trusting is a trust file with one key.
func trusting(t *testing.T) *reference.Trust {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &reference.Trust{File: file("trust.yaml", `version: 1
keys:
  - name: us
    kind: operator
    public_key_file: us.pub
    pci_vendors: ["1002"]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2028-01-01T00:00:00Z
`), Beside: input.Folder{"us.pub": key}}
}

// TestNew: what cannot be used is wrong usage, and the error says which flag gave it.
func TestNew(t *testing.T) {
	for flag, change := range map[string]func(*Inputs){
		"--pack bad.yaml: invalid pack":      func(in *Inputs) { in.Pack = file("bad.yaml", "version: 2\n") },
		"--pack: invalid pack: ours names":   func(in *Inputs) { in.Pack = file("p.yaml", ours+"rules: {GA-YY-001: {required: true, reason: x}}\n") },
		"--fail-on high is weaker than low":  func(in *Inputs) { in.Pack, in.Question.FailOn = file("p.yaml", ours+"fail_on: low\n"), "high" },
		"--fail-on: ":                        func(in *Inputs) { in.Question.FailOn = "severe" },
		"--profile: unknown profile":         func(in *Inputs) { in.Question.Profile = "nobody" },
		"--jurisdiction: ":                   func(in *Inputs) { in.Question.Jurisdiction = "Germany" },
		"--origin: ":                         func(in *Inputs) { in.Question.Origin = "ZZ" },
		"--expect: -1":                       func(in *Inputs) { in.Question.Expect = -1 },
		"--purchase buy.yaml: ":              func(in *Inputs) { in.Purchase = file("buy.yaml", "{") },
		"--origin says TW and --purchase":    func(in *Inputs) { in.Purchase, in.Question.Origin = file("buy.yaml", bought), "TW" },
		"waivers w.yaml: invalid waiver":     func(in *Inputs) { in.Waivers = &waive.Given{File: file("w.yaml", "{")} },
		"--manifests needs --trust":          func(in *Inputs) { in.Reference.Manifests = []reference.Manifest{{File: file("m.json", "")}} },
		"--catalogue needs --trust":          func(in *Inputs) { in.Reference.Catalogues = []*input.File{file("c.json", "")} },
		"--trust: trust.yaml: invalid trust": func(in *Inputs) { in.Reference.Trust = &reference.Trust{File: file("trust.yaml", "{")} },
		"--nonce: ":                          func(in *Inputs) { in.TPM.Nonce = "11" },
		"--enrolled e.json: ":                func(in *Inputs) { in.TPM.Enrolled = file("e.json", "{") },
		"--ek-roots r.pem: ":                 func(in *Inputs) { in.TPM.Roots = file("r.pem", "") },
	} {
		in := asked()
		change(&in)
		if _, err := assemble(t.Context(), in, fakes()); err == nil || fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	in := asked()
	in.Waivers = &waive.Given{File: file("w.yaml", waivers), Signed: true}
	if _, err := assemble(t.Context(), in, fakes()); fault.Of(err) != fault.Signature {
		t.Errorf("waivers that nobody signed: %v", err)
	}
	in = asked()
	in.Beside.NVML = file("nvml.json", "{")
	if _, err := made(t, in).Run(t.Context(), host()); fault.Of(err) != fault.Usage || !strings.Contains(fmt.Sprint(err), "--nvml nvml.json: ") {
		t.Errorf("answers of NVML that do not parse: %v", err)
	}
}

const bought = `version: 1
seller: shop
origin: CN
`

// TestEveryInputCounts: with any one of them changed the report is another, and names
// what it was.
func TestEveryInputCounts(t *testing.T) {
	first := text(t, run(t, full(), host("good", "bad")))
	if second := text(t, run(t, full(), host("good", "bad"))); first != second {
		t.Fatal("the same inputs give two reports")
	}
	for name, change := range changes() {
		in := full()
		change(&in)
		if text(t, run(t, in, host("good", "bad"))) == first {
			t.Errorf("%s: changed, and the report is the same", name)
		}
	}
	if text(t, run(t, full(), host("good", "good"))) == first {
		t.Error("another machine, and the report is the same")
	}
}

// full is inputs of many kinds.
func full() Inputs {
	in := asked()
	in.Question.Expect, in.Question.Jurisdiction, in.Question.Profile, in.Question.FailOn = 1, "DE", "private", "medium"
	in.Pack = file("dir/ours.yaml", ours)
	in.Waivers = &waive.Given{File: file("w.yaml", waivers), Fleet: "rack"}
	in.Purchase = file("buy.yaml", bought)
	in.Beside = machine.Beside{
		ROMs:      []machine.Dump{{Address: "0000:01:00.0", File: file("dir/card.rom", "rom")}},
		Witnesses: []machine.Recording{{File: file("dir/lspci.txt", "01:00.0 0302: 10de:2330 (rev a1)\n")}},
	}
	in.TPM.AK = strings.Repeat("ab", 34)
	return in
}

func changes() map[string]func(*Inputs) {
	return map[string]func(*Inputs){
		"now":           func(in *Inputs) { in.Question.Now = clock.Add(time.Hour) },
		"fail-on":       func(in *Inputs) { in.Question.FailOn = "low" },
		"expect":        func(in *Inputs) { in.Question.Expect = 2 },
		"device":        func(in *Inputs) { in.Question.Devices = []string{"0000:01:00.0"} },
		"all-devices":   func(in *Inputs) { in.Question.AllDevices = true },
		"jurisdiction":  func(in *Inputs) { in.Question.Jurisdiction = "FR" },
		"profile":       func(in *Inputs) { in.Question.Profile = "company" },
		"version":       func(in *Inputs) { in.Program.Version = "2" },
		"pack":          func(in *Inputs) { in.Pack = file("ours.yaml", ours+"fail_on: medium\n") },
		"waivers":       func(in *Inputs) { in.Waivers.File = file("w.yaml", waivers+"# looked over\n") },
		"fleet":         func(in *Inputs) { in.Waivers.Fleet = "other" },
		"purchase":      func(in *Inputs) { in.Purchase = file("buy.yaml", bought+"# looked over\n") },
		"rom":           func(in *Inputs) { in.Beside.ROMs[0].File = file("card.rom", "mor") },
		"device of rom": func(in *Inputs) { in.Beside.ROMs[0].Address = "0000:02:00.0" },
		"witness": func(in *Inputs) {
			in.Beside.Witnesses[0].File = file("lspci.txt", "02:00.0 0302: 10de:2330 (rev a1)\n")
		},
		"ak":         func(in *Inputs) { in.TPM.AK = strings.Repeat("cd", 34) },
		"no ak":      func(in *Inputs) { in.TPM.AK = "" },
		"no waivers": func(in *Inputs) { in.Waivers = nil },
		"no pack":    func(in *Inputs) { in.Pack = nil },
	}
}

// TestInputsAreNamed: a file is named once, without its folder, by its digest.
func TestInputsAreNamed(t *testing.T) {
	r := run(t, full(), host("good", "bad"))
	var got []string
	for _, in := range r.Inputs {
		got = append(got, strings.TrimSpace(string(in.Kind)+" "+in.Name+" "+in.Device))
	}
	want := []string{"witness lspci.txt", "rom card.rom 0000:01:00.0", "purchase buy.yaml", "ak " + strings.Repeat("ab", 34)}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("inputs %q", got)
	}
	if r.Inputs[1].SHA256 != input.SHA256([]byte("rom")) || r.Pack.SHA256 != input.SHA256([]byte(ours)) || r.Waivers.SHA256 != input.SHA256([]byte(waivers)) || r.Waivers.Fleet != "rack" {
		t.Errorf("digests: %+v %+v %+v", r.Inputs, r.Pack, r.Waivers)
	}
}

// stored is a report as somebody signed it.
func stored(t *testing.T, r *report.Report) *signed.Verified {
	t.Helper()
	b, err := seal.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	var again report.Report
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&again); err != nil {
		t.Fatal(err)
	}
	return &signed.Verified{Report: &again, Text: b}
}

// TestHandedOver: that OPA was asked is said of each rule.
func TestHandedOver(t *testing.T) {
	a, err := assemble(t.Context(), Inputs{Question: Question{Now: clock}}, fakes())
	if err != nil {
		t.Fatal(err)
	}
	notes := a.HandedOver()
	if len(notes) != 2 || !strings.Contains(notes[0], "GA-XX-001") || !strings.Contains(notes[1], "too deep") {
		t.Errorf("%q", notes)
	}
}
