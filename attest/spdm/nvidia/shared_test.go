package nvidia

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

var day = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// shared reads one of NVIDIA's own files, which are not part of this project.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "nvidia", name))
	if err != nil {
		t.Skipf("NVIDIA's samples are not here: %v", err)
	}
	return b
}

func read(t testing.TB, name string) []Evidence {
	t.Helper()
	list, err := Read(name, shared(t, "evidence/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// withChain is a transcript whose chain is a file of its own.
func withChain(t testing.TB, report, chain string) Evidence {
	t.Helper()
	e := read(t, report)[0]
	var err error
	if e.Chain, err = Chain(shared(t, "evidence/"+chain)); err != nil {
		t.Fatal(err)
	}
	return e
}

// own is the policy that asks for the nonce which a report answers.
func own(e Evidence) spdm.Policy {
	return spdm.Policy{Now: day, Nonce: e.Transcript[4:36]}
}

func judge(t testing.TB, e Evidence, p spdm.Policy) *Result {
	t.Helper()
	r, err := Verify(e, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPublished: each published report gets the verdict that its file has.
func TestPublished(t *testing.T) {
	old := map[string]string{CheckFWID: "not-reported"} // before driver 550 it is not in the report
	for name, tt := range map[string]struct {
		evidence Evidence
		driver   string
		vbios    string
		arch     string
		id       string
		unknown  map[string]string
	}{
		"535":    {withChain(t, "hopper_535.86.09_report.hex.txt", "hopper_535.86.09_chain.pem.txt"), "535.86.09", "96.00.5E.00.01", "HOPPER", "6A5FAFCBD9FA5CA3", old},
		"550":    {withChain(t, "hopper_550.90.07_report.hex.txt", "hopper_550.90.07_chain.pem.txt"), "550.90.07", "96.00.9F.00.01", "HOPPER", "431D480FE5E87274", nil},
		"580":    {withChain(t, "hopper_580.159.03_report.hex.txt", "hopper_580.159.03_chain.pem.txt"), "580.159.03", "96.00.74.00.20", "HOPPER", "E23D711E1C4FBFAC", nil},
		"590":    {read(t, "hopper_evidence.json")[0], "590.12", "96.00.A5.00.01", "HOPPER", "2921CE551E4EEDA3", nil},
		"switch": {read(t, "switch_evidence_ls10.json")[0], "", "96.10.55.00.01", "LS10", "203EB31AD9ED0008", old},
	} {
		t.Run(name, func(t *testing.T) {
			r := judge(t, tt.evidence, own(tt.evidence))
			for _, c := range r.Checks {
				if want := tt.unknown[c.Name]; c.Code != want || (c.Status == check.Pass) != (want == "") {
					t.Errorf("%s: %s %s %s", c.Name, c.Status, c.Code, c.Detail)
				}
			}
			d := r.Device
			if d == nil || d.Arch != tt.arch || d.ID != tt.id || d.VBIOS == nil || *d.VBIOS != tt.vbios || (d.Driver == nil) != (tt.driver == "") || d.Driver != nil && *d.Driver != tt.driver {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestPublishedBad: the report whose signature its maker damaged.
func TestPublishedBad(t *testing.T) {
	e := withChain(t, "BAD_hopper_560.00_report_invalid_signature.hex.txt", "hopper_535.86.09_chain.pem.txt")
	r := judge(t, e, own(e))
	if c := r.Checks.Find(spdm.CheckSignature); c.Status != check.Fail || c.Code != "signature" || r.Measured != nil || r.Device != nil {
		t.Errorf("%+v", r)
	}
}

// TestVersioned: the newer format of the opaque data, of a report whose chain is not
// published.
func TestVersioned(t *testing.T) {
	b := read(t, "nvdaod_620.12_report.hex.txt")[0].Transcript
	const begin = 37 + 8 + 3520 + 32 + 2
	o, err := ParseOpaque(b[begin:begin+483], begin)
	if err != nil {
		t.Fatal(err)
	}
	if o.Version != "2.0.0" || len(o.Records) != 17 || len(o.Unknown) != 0 || *o.text(recordDriver) != "620.12" || *o.vbios() != "96.00.D9.00.0F" || *o.status(recordNVDEC) != true {
		t.Errorf("%+v", o)
	}
}

// TestSibling: a report with the chain of another GPU of the same machine.
func TestSibling(t *testing.T) {
	list := read(t, "multi_gpu_hopper.json")
	if len(list) != 4 {
		t.Fatalf("%d devices", len(list))
	}
	for i, e := range list {
		if r := judge(t, e, own(e)); r.Checks.Status() != check.Pass {
			t.Errorf("%d: %+v", i, r.Checks)
		}
	}
	e := list[0]
	e.Chain = list[1].Chain
	r := judge(t, e, own(e))
	if c := r.Checks.Find(spdm.CheckSignature); c.Status != check.Fail || r.Measured != nil {
		t.Errorf("%+v", r.Checks)
	}
	e.Chain = append(list[1].Chain[:1:1], list[0].Chain[1:]...)
	if c := judge(t, e, own(e)).Checks.Find(spdm.CheckSignature); c.Status != check.Fail {
		t.Errorf("%+v", c)
	}
}

// TestFlipped: no bit of a report can change without notice.
func TestFlipped(t *testing.T) {
	e := read(t, "hopper_evidence.json")[0]
	p := own(e)
	for i := 0; i < len(e.Transcript)*8; i += 61 {
		changed := e
		changed.Transcript = append([]byte(nil), e.Transcript...)
		changed.Transcript[i/8] ^= 1 << (i % 8)
		if r := judge(t, changed, p); r.Checks.Status() == check.Pass || r.Measured != nil {
			t.Fatalf("bit %d: %+v", i, r.Checks)
		}
	}
	for _, b := range [][]byte{append(append([]byte(nil), e.Transcript...), 0), e.Transcript[:len(e.Transcript)-1], nil, e.Transcript[:37]} {
		changed := e
		changed.Transcript = b
		if r := judge(t, changed, p); r.Checks.Status() == check.Pass || r.Measured != nil {
			t.Errorf("%d bytes: %+v", len(b), r.Checks)
		}
	}
}

// TestLabel: the chip is told by its certificate.
func TestLabel(t *testing.T) {
	e := read(t, "switch_evidence_ls10.json")[0]
	e.Label = "HOPPER"
	if c := judge(t, e, own(e)).Checks.Find(CheckLabel); c.Status != check.Fail || c.Code != "label" {
		t.Errorf("%+v", c)
	}
}
