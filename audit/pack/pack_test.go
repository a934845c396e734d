package pack_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/schematest"
	"github.com/gpuaudit/gpuaudit/rules"
)

var update = flag.Bool("update", false, "write the published schema anew")

const head = "version: 1\nname: ours\ndescription: for a test\ndate: \"2026-11-26\"\n"

const schemaFile = "../../docs/schema/pack.v1.json"

// TestPublishedSchema: the schema in docs is that of the Go types, and the packs
// that ship meet it.
func TestPublishedSchema(t *testing.T) {
	schematest.Schema{Files: []string{schemaFile}, Of: &pack.File{}, ID: "gpuaudit.pack.v1"}.Check(t, *update)
	compiled, err := validator.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range shipped(t) {
		var doc any
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func shipped(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := fs.Glob(rules.Packs(), "*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v", files, err)
	}
	packs := map[string][]byte{}
	for _, f := range files {
		if packs[strings.TrimSuffix(f, ".yaml")], err = fs.ReadFile(rules.Packs(), f); err != nil {
			t.Fatal(err)
		}
	}
	return packs
}

func TestShippedPacksParse(t *testing.T) {
	for name, text := range shipped(t) {
		p, err := pack.Parse(text)
		if err != nil || p.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "the file is empty",
		head + "surprise: 1\n": "surprise",
		head + "rules:\n  GA-BD-001: {severity: grave, reason: x}\n":                         `unknown severity "grave"`,
		head + "rules:\n  GA-BD-001: {severity: high}\n":                                     "reason is missing",
		head + "rules:\n  GA-BD-001: {reason: x}\n":                                          "it changes nothing",
		head + "rules:\n  GA-BD-001: {disabled: true, severity: low, reason: x}\n":           "one of them",
		head + "rules:\n  GA-BD-001: {required: true, disabled: true, reason: x}\n":          "one of them",
		head + "rules:\n  A: {required: true, reason: x}\n  A: {severity: low, reason: x}\n": "already defined",
		head + "answers: {beauty: none}\n":                                                   `unknown question "beauty"`,
		head + "answers: {code: \"\"}\n":                                                     "say what the answer rests on",
		head + "fail_on: grave\n":                                                            "fail_on: unknown severity",
		head + "unknown_from: never\n":                                                       "unknown_from: unknown severity",
		head + "data: {catalogue: {max_age_days: 0}}\n":                                      "max_age_days is 0",
		head + "require: {attestation: oracle}\n":                                            "use tpm",
		head + "require: {manifest: nobody}\n":                                               "use vendor or any",
		head + "question: {jurisdiction: Mars}\n":                                            `"Mars" is no country`,
		head + "waivers: {max_days: 1000}\n":                                                 "use 1 to 365",
		strings.Replace(head, "version: 1", "version: 2", 1):                                 "version is 2",
		strings.Replace(head, "ours", "../ours", 1):                                          "use lower-case letters",
		strings.Replace(head, "2026-11-26", "today", 1):                                      "is no day",
		strings.Replace(head, "for a test", `""`, 1):                                         "description is missing",
	} {
		if _, err := pack.Parse([]byte(text)); !errors.Is(err, pack.ErrPack) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestKnown(t *testing.T) {
	p := parse(t, "rules:\n  GA-BD-001: {severity: low, reason: x}\ndata: {catalogue: {max_age_days: 1}}\n")
	if err := p.Known([]string{"GA-BD-001"}, []string{"catalogue"}); err != nil {
		t.Error(err)
	}
	if err := p.Known([]string{"GA-BD-002"}, []string{"catalogue"}); !errors.Is(err, pack.ErrPack) {
		t.Errorf("a rule that does not exist: %v", err)
	}
	if err := p.Known([]string{"GA-BD-001"}, nil); !errors.Is(err, pack.ErrPack) {
		t.Errorf("a data set that does not exist: %v", err)
	}
}

func parse(t *testing.T, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse([]byte(head + text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const card = "0000:01:00.0"

// judged is a report with these findings on a card, after the pack.
func judged(t *testing.T, p *pack.Pack, findings ...finding.Finding) *report.Report {
	t.Helper()
	r := &report.Report{
		FailOn: finding.High, Now: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), Findings: findings,
		Devices:   []report.Device{{Address: card, Reference: facts.Reference{Firmware: facts.Verdict{State: facts.NotCovered}}}},
		Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card}}},
		DataSets:  []facts.DataSet{{Name: "catalogue", Date: "2026-11-01", AgeDays: 25}, {Name: "later", Date: "2027-01-01", AgeDays: -36}},
	}
	p.Apply(r)
	r.Decide()
	return r
}

func said(id string, severity finding.Severity, status finding.Status) finding.Finding {
	return finding.Finding{ID: id, Severity: severity, Status: status, Device: card, Title: id, Detail: "x", Identity: finding.Modified}
}

// TestWhatDecides: severity, required, disabled and unknown_from, each with what
// it does to the verdict and to what the card is.
func TestWhatDecides(t *testing.T) {
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	pass := said("GA-BD-900", finding.High, finding.Pass)
	future := said("GA-BD-001", finding.Info, finding.Fail)
	future.Effective = &later
	for _, tc := range []struct {
		name, pack string
		finding    finding.Finding
		want       report.Status
		identity   report.IdentityVerdict
	}{
		{"no change", "", said("GA-BD-001", finding.Medium, finding.Fail), report.Passed, report.Modified},
		{"raised", "rules: {GA-BD-001: {severity: critical, reason: x}}", said("GA-BD-001", finding.Medium, finding.Fail), report.Failed, report.Modified},
		{"lowered", "rules: {GA-BD-001: {severity: low, reason: x}}", said("GA-BD-001", finding.Critical, finding.Fail), report.Passed, report.Modified},
		{"required, failed", "rules: {GA-BD-001: {required: true, reason: x}}", said("GA-BD-001", finding.Info, finding.Fail), report.Failed, report.Modified},
		{"required, unknown", "rules: {GA-BD-001: {required: true, reason: x}}", said("GA-BD-001", finding.Info, finding.Unknown), report.Undecided, report.CannotTell},
		{"disabled, failed", "rules: {GA-BD-001: {disabled: true, reason: x}}", said("GA-BD-001", finding.Critical, finding.Fail), report.Passed, report.Modified},
		{"disabled, unknown", "rules: {GA-BD-001: {disabled: true, reason: x}}", said("GA-BD-001", finding.Critical, finding.Unknown), report.Passed, report.CannotTell},
		{"unknown decides by default", "", said("GA-BD-001", finding.High, finding.Unknown), report.Undecided, report.CannotTell},
		{"unknown decides later", "unknown_from: critical", said("GA-BD-001", finding.High, finding.Unknown), report.Passed, report.CannotTell},
		{"unknown decides sooner", "unknown_from: low", said("GA-BD-001", finding.Low, finding.Unknown), report.Undecided, report.CannotTell},
		{"a rule whose day has not come warns", "rules: {GA-BD-001: {severity: critical, required: true, reason: x}}", future, report.Passed, report.Modified},
	} {
		r := judged(t, parse(t, tc.pack), tc.finding, pass)
		if r.Verdict.Status != tc.want || r.Devices[0].Identity.Verdict != tc.identity {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, r.Verdict.Status, r.Devices[0].Identity.Verdict, tc.want, tc.identity)
		}
	}
}

// TestNothingIsHidden: every change stands in the finding, and in the table.
func TestNothingIsHidden(t *testing.T) {
	p := parse(t, "unknown_from: critical\nrules:\n  GA-BD-001: {severity: low, reason: first}\n  GA-BD-002: {disabled: true, reason: second}\n  GA-BD-003: {required: true, reason: third}\n")
	r := judged(t, p, said("GA-BD-001", finding.Critical, finding.Fail), said("GA-BD-002", finding.High, finding.Fail),
		said("GA-BD-003", finding.Low, finding.Pass), said("GA-BD-004", finding.High, finding.Unknown))
	if len(r.Findings) != 4 {
		t.Fatalf("%d findings", len(r.Findings))
	}
	if c := r.Findings[0].Changed; c == nil || c.Severity != finding.Critical || c.Pack != "ours" {
		t.Errorf("severity: %+v", c)
	}
	if f := r.Findings[1]; f.Status != finding.Disabled || f.Changed.Status != finding.Fail {
		t.Errorf("disabled: %+v", f)
	}
	if want := []report.DisabledRule{{ID: "GA-BD-002", Reason: "second"}}; !slices.Equal(r.Pack.Disabled, want) {
		t.Errorf("listed: %+v", r.Pack.Disabled)
	}
	var b bytes.Buffer
	if err := report.Table(&b, r, report.TableOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"low instead of critical by the pack ours: first", "disabled by the pack ours: second; the rule said fail",
		"required by the pack ours: third", "1 failure of rules that the pack ours disables",
		"1 check of severity high or above could not be decided either; the pack ours lets that decide from critical on",
		"by the pack ours, which disables GA-BD-002",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table does not say %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(text, "had its facts and passed") {
		t.Error("the table says that every check had its facts")
	}
}

// TestAllDisabled: a pack that disables every rule gives no pass.
func TestAllDisabled(t *testing.T) {
	r := judged(t, parse(t, "rules: {GA-BD-001: {disabled: true, reason: x}}"), said("GA-BD-001", finding.High, finding.Fail))
	if r.Verdict.Status != report.Undecided || r.Devices[0].Status != report.Undecided {
		t.Errorf("%s, %s", r.Verdict.Status, r.Devices[0].Status)
	}
}

func TestDataAge(t *testing.T) {
	for demand, want := range map[string]finding.Status{
		"catalogue: {max_age_days: 25}": finding.Pass,
		"catalogue: {max_age_days: 24}": finding.Fail,
		"later: {max_age_days: 24}":     finding.Unknown,
		"absent: {max_age_days: 24}":    finding.Unknown,
	} {
		r := judged(t, parse(t, "data: {"+demand+"}"), said("GA-BD-900", finding.High, finding.Pass))
		if f := r.Findings[1]; f.ID != "GA-PK-001" || f.Status != want {
			t.Errorf("%s: %s %s, want %s", demand, f.ID, f.Status, want)
		}
		if passed := r.Verdict.Status == report.Passed; passed != (want == finding.Pass) {
			t.Errorf("%s: %s", demand, r.Verdict.Status)
		}
	}
}

func TestAttestationRequired(t *testing.T) {
	for name, tc := range map[string]struct {
		attestation *facts.Attestation
		want        finding.Status
	}{
		"not asked":       {nil, finding.Unknown},
		"absent":          {&facts.Attestation{State: facts.AttestationAbsent, SameBoot: "unknown"}, finding.Unknown},
		"unproven":        {&facts.Attestation{State: facts.AttestationUnproven, SameBoot: "yes"}, finding.Unknown},
		"of another boot": {&facts.Attestation{State: facts.AttestationVerified, SameBoot: "no"}, finding.Unknown},
		"of an old boot?": {&facts.Attestation{State: facts.AttestationVerified, SameBoot: "unknown"}, finding.Unknown},
		"failed":          {&facts.Attestation{State: facts.AttestationFailed, SameBoot: "yes"}, finding.Fail},
		"proven":          {&facts.Attestation{State: facts.AttestationVerified, SameBoot: "yes"}, finding.Pass},
	} {
		r := &report.Report{FailOn: finding.Critical, Attestation: tc.attestation, Devices: []report.Device{{Address: card}}}
		parse(t, "require: {attestation: tpm}").Apply(r)
		if len(r.Findings) != 1 || r.Findings[0].ID != "GA-PK-003" || r.Findings[0].Status != tc.want {
			t.Errorf("%s: %+v, want %s", name, r.Findings, tc.want)
		}
		r.Decide()
		if (r.Verdict.Status == report.Passed) != (tc.want == finding.Pass) {
			t.Errorf("%s: %s", name, r.Verdict.Status)
		}
	}
}

func TestGPUProofRequired(t *testing.T) {
	for name, tc := range map[string]struct {
		proof *facts.GPUProof
		want  finding.Status
	}{
		"not asked":      {nil, finding.Unknown},
		"absent":         {&facts.GPUProof{State: facts.AttestationAbsent}, finding.Unknown},
		"unproven":       {&facts.GPUProof{State: facts.AttestationUnproven, Answered: 8}, finding.Unknown},
		"nobody at all?": {&facts.GPUProof{State: facts.AttestationVerified}, finding.Unknown},
		"failed":         {&facts.GPUProof{State: facts.AttestationFailed, Answered: 1}, finding.Fail},
		"proven":         {&facts.GPUProof{State: facts.AttestationVerified, Answered: 1}, finding.Pass},
	} {
		r := &report.Report{FailOn: finding.Critical, GPUProof: tc.proof, Devices: []report.Device{{Address: card}}}
		parse(t, "require: {attestation: gpu}").Apply(r)
		if len(r.Findings) != 1 || r.Findings[0].ID != "GA-PK-004" || r.Findings[0].Status != tc.want {
			t.Errorf("%s: %+v, want %s", name, r.Findings, tc.want)
		}
		r.Decide()
		if (r.Verdict.Status == report.Passed) != (tc.want == finding.Pass) {
			t.Errorf("%s: %s", name, r.Verdict.Status)
		}
	}
	// A card for which its maker publishes no manifest, and one's own states what it measures.
	for name, tc := range map[string]struct {
		change func(*report.Report)
		want   finding.Status
	}{
		"one's own":            {func(*report.Report) {}, finding.Pass},
		"and the maker's":      {func(r *report.Report) { r.GPUProof.Devices[1].State = facts.AttestationVerified }, finding.Pass},
		"nobody's":             {func(r *report.Report) { r.Findings[0].Status = finding.Unknown }, finding.Unknown},
		"of another card":      {func(r *report.Report) { r.Findings[0].Device = "0000:09:00.0" }, finding.Unknown},
		"another rule's":       {func(r *report.Report) { r.Findings[0].ID = "GA-PR-094" }, finding.Unknown},
		"one is silent":        {func(r *report.Report) { r.GPUProof.Silent = []string{"0000:02:00.0"} }, finding.Unknown},
		"one is open":          {func(r *report.Report) { r.GPUProof.Devices[1].State = facts.AttestationUnproven }, finding.Unknown},
		"one signed nothing":   {func(r *report.Report) { r.GPUProof.Answered = 1 }, finding.Unknown},
		"a switch has no own":  {func(r *report.Report) { r.GPUProof.Devices[0].Address = "" }, finding.Unknown},
		"not all is looked at": {func(r *report.Report) { r.GPUProof.Checks = nil }, finding.Unknown},
		"something is open":    {func(r *report.Report) { r.GPUProof.Checks[0].Status = "unknown" }, finding.Unknown},
		"it differs":           {func(r *report.Report) { r.GPUProof.State = facts.AttestationFailed }, finding.Fail},
		"from the maker's":     {func(r *report.Report) { r.GPUProof.Devices[0].Outcome = "genuine-differs" }, finding.Unknown},
	} {
		proof := &facts.GPUProof{State: facts.AttestationUnproven, Answered: 2, Checks: []facts.AttestationCheck{{Name: "devices", Status: "pass"}},
			Devices: []facts.ProvenDevice{{Address: card, State: facts.AttestationUnproven, Outcome: facts.OutcomeNoReference}, {Address: "0000:02:00.0", State: facts.AttestationVerified, Outcome: "genuine-and-matches"}}}
		r := &report.Report{FailOn: finding.Critical, GPUProof: proof, Devices: []report.Device{{Address: card}}, Findings: []finding.Finding{{ID: "GA-BD-100", Severity: finding.Critical, Device: card, Status: finding.Pass}}}
		tc.change(r)
		parse(t, "require: {attestation: gpu}").Apply(r)
		f := r.Findings[len(r.Findings)-1]
		if f.ID != "GA-PK-004" || f.Status != tc.want || tc.want == finding.Pass && !strings.Contains(f.Detail, "1 of them measured what a manifest of your own states") {
			t.Errorf("%s: %s %s", name, f.Status, f.Detail)
		}
	}
	r := &report.Report{Devices: []report.Device{{Address: card}}}
	parse(t, `require: {attestation: "tpm,gpu"}`).Apply(r)
	if len(r.Findings) != 2 {
		t.Errorf("both: %+v", r.Findings)
	}
}

func TestManifestRequired(t *testing.T) {
	voucher := func(kind string) facts.Voucher { return facts.Voucher{Issuer: "someone", Kind: kind} }
	for _, tc := range []struct {
		name, demand string
		firmware     facts.Verdict
		want         finding.Status
	}{
		{"none", "any", facts.Verdict{State: facts.NotCovered}, finding.Unknown},
		{"vendor's", "vendor", facts.Verdict{State: facts.Match, Vouchers: []facts.Voucher{voucher("vendor")}}, finding.Pass},
		{"operator's for any", "any", facts.Verdict{State: facts.Match, Vouchers: []facts.Voucher{voucher("operator")}}, finding.Pass},
		{"operator's for the vendor's", "vendor", facts.Verdict{State: facts.Match, Vouchers: []facts.Voucher{voucher("operator")}}, finding.Unknown},
		{"one reading by the vendor, one not", "vendor", facts.Verdict{State: facts.Match, Vouchers: []facts.Voucher{voucher("vendor"), voucher("lab")}}, finding.Unknown},
		{"differs", "vendor", facts.Verdict{State: facts.Mismatch, Vouchers: []facts.Voucher{voucher("vendor")}}, finding.Fail},
		{"a match by nobody", "any", facts.Verdict{State: facts.Match}, finding.Unknown},
	} {
		r := &report.Report{FailOn: finding.Critical, Devices: []report.Device{{Address: card, Reference: facts.Reference{Firmware: tc.firmware}}}}
		parse(t, "require: {manifest: "+tc.demand+"}").Apply(r)
		if len(r.Findings) != 1 || r.Findings[0].ID != "GA-PK-002" || r.Findings[0].Status != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, r.Findings, tc.want)
		}
		r.Decide()
		if (r.Verdict.Status == report.Passed) != (tc.want == finding.Pass) {
			t.Errorf("%s: %s", tc.name, r.Verdict.Status)
		}
	}
}

// TestRomless: of a card that is known to have no ROM, what it is otherwise counts; of
// one whose ROM was not read, nothing does.
func TestRomless(t *testing.T) {
	match := facts.Verdict{State: facts.Match, Vouchers: []facts.Voucher{{Issuer: "someone", Kind: "operator"}}}
	window, rom := inventory.BAR{Kind: "memory", Bytes: 1 << 20}, inventory.BAR{Index: 6, Kind: "rom", Bytes: 1 << 19}
	gone := inventory.Gap{Fact: "/firmware/roms", Source: "rom", Reason: inventory.ReasonNotPresent}
	refused := inventory.Gap{Fact: "/firmware/roms", Source: "rom", Reason: inventory.ReasonPermission}
	for _, tc := range []struct {
		name    string
		windows facts.Verdict
		bars    []inventory.BAR
		gaps    []inventory.Gap
		want    finding.Status
	}{
		{"stated", match, []inventory.BAR{window}, []inventory.Gap{gone}, finding.Pass},
		{"not stated", facts.Verdict{State: facts.NotCovered}, []inventory.BAR{window}, []inventory.Gap{gone}, finding.Unknown},
		{"other windows", facts.Verdict{State: facts.Mismatch}, []inventory.BAR{window}, []inventory.Gap{gone}, finding.Fail},
		{"it has a ROM", match, []inventory.BAR{window, rom}, []inventory.Gap{gone}, finding.Unknown},
		{"its ROM was refused", match, []inventory.BAR{window}, []inventory.Gap{refused}, finding.Unknown},
		{"its windows were not read", match, nil, []inventory.Gap{gone}, finding.Unknown},
	} {
		r := &report.Report{FailOn: finding.Critical, Devices: []report.Device{{Address: card, Reference: facts.Reference{Firmware: facts.Verdict{State: facts.NotCovered}, Windows: tc.windows}}},
			Inventory: inventory.Inventory{Devices: []inventory.Device{{Address: card, PCI: inventory.PCI{BARs: tc.bars}, Gaps: tc.gaps}}}}
		parse(t, "require: {manifest: any}").Apply(r)
		if len(r.Findings) != 1 || r.Findings[0].Status != tc.want {
			t.Errorf("%s: %+v, want %s", tc.name, r.Findings, tc.want)
		}
	}
}

// FuzzParse: a pack that is taken can be applied, and never makes a pass.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"default", "strict", "federal", "homelab", "datacenter"} {
		text, err := fs.ReadFile(rules.Packs(), name+".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := pack.Parse(text)
		if err != nil {
			return
		}
		r := judged(t, p, said("GA-BD-017", finding.Medium, finding.Fail), said("GA-BD-030", finding.Low, finding.Unknown))
		for _, got := range r.Findings {
			if got.Status == finding.Pass && got.ID != "GA-PK-001" {
				t.Errorf("%s became a pass", got.ID)
			}
		}
	})
}
