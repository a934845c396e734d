package tpm_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/eventlog/eventlogtest"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// recorded is evidence of a software TPM (`go test -record`), and the policy
// that fits it.
func recorded(t testing.TB, name string) (*tpm.Evidence, tpm.Policy) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	e, err := tpm.ParseEvidence(b)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile("testdata/good-root.pem")
	if err != nil {
		t.Fatal(err)
	}
	p := tpm.Policy{Nonce: nonce, Now: now, Roots: []*x509.Certificate{certificate(t, root)}, Enrolled: &tpm.Enrolment{AKName: e.AK.Name}}
	p.ReportDigest, _ = hex.DecodeString(e.ReportDigest)
	return e, p
}

func verified(t testing.TB, e *tpm.Evidence, p tpm.Policy) *tpm.Result {
	t.Helper()
	r, err := tpm.Verify(e, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// order is every check, as Verify lists them.
var order = []string{
	tpm.CheckAK, tpm.CheckAKAttributes, tpm.CheckAKName, tpm.CheckQuoteForm, tpm.CheckSignature, tpm.CheckSigner, tpm.CheckNonce, tpm.CheckReport,
	tpm.CheckPCRSelection, tpm.CheckPCRDigest, tpm.CheckClock, tpm.CheckEK, tpm.CheckEKCertificate, tpm.CheckBinding, tpm.CheckLogForm, tpm.CheckLogReplay, tpm.CheckLogConsistent,
}

func refused(t *testing.T, e *tpm.Evidence, p tpm.Policy, check, code string) {
	t.Helper()
	r := verified(t, e, p)
	c := r.Check(check)
	if c == nil || c.Status != tpm.Fail || c.Code != code || r.Status() != tpm.Fail {
		t.Errorf("%s: %+v, result %s; want fail %s", check, c, r.Status(), code)
	}
	var names []string
	for _, c := range r.Checks {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, order) {
		t.Errorf("checks %v", names)
	}
}

func TestRecordedEvidencePasses(t *testing.T) {
	e, p := recorded(t, "good")
	r := verified(t, e, p)
	for i, c := range r.Checks {
		if c.Status != tpm.Pass || c.Name != order[i] {
			t.Errorf("%d: %+v", i, c)
		}
	}
	if r.Log == nil || r.Clock == nil || r.Bank != "sha256" || len(r.Notes) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestRefuses(t *testing.T) {
	sibling, _ := recorded(t, "sibling")
	relog := func(change func(w *eventlogtest.Log)) func(*tpm.Evidence, *tpm.Policy) {
		return func(e *tpm.Evidence, _ *tpm.Policy) {
			w := bootLog()
			change(w)
			e.EventLog = w.Bytes()
		}
	}
	flip := func(b []byte, i int) []byte { b = bytes.Clone(b); b[i] ^= 1; return b }
	tests := []struct {
		name        string
		change      func(e *tpm.Evidence, p *tpm.Policy)
		check, code string
	}{
		{"replayed quote", func(_ *tpm.Evidence, p *tpm.Policy) { p.Nonce = bytes.Repeat([]byte{0x22}, 32) }, tpm.CheckNonce, "extra-data-mismatch"},
		{"replayed quote, nonce written over", func(e *tpm.Evidence, p *tpm.Policy) {
			p.Nonce = bytes.Repeat([]byte{0x22}, 32)
			e.Nonce = hex.EncodeToString(p.Nonce)
		}, tpm.CheckNonce, "extra-data-mismatch"},
		{"nonce restated", func(e *tpm.Evidence, _ *tpm.Policy) { e.Nonce = "00" }, tpm.CheckNonce, "nonce-mismatch"},
		{"report exchanged", func(e *tpm.Evidence, p *tpm.Policy) {
			p.ReportDigest = make([]byte, 32)
			e.ReportDigest = hex.EncodeToString(p.ReportDigest)
		}, tpm.CheckNonce, "extra-data-mismatch"},
		{"another report expected", func(_ *tpm.Evidence, p *tpm.Policy) { p.ReportDigest = make([]byte, 32) }, tpm.CheckReport, "report-digest-mismatch"},
		{"report digest of 3 bytes", func(e *tpm.Evidence, _ *tpm.Policy) { e.ReportDigest = "aabbcc" }, tpm.CheckNonce, "report-digest-malformed"},
		{"quote from another TPM", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote = sibling.Quote }, tpm.CheckSignature, "signature-mismatch"},
		{"key and quote from another TPM", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote, e.AK = sibling.Quote, sibling.AK }, tpm.CheckBinding, "ak-of-another-tpm"},
		{"EK certificate of another TPM", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs[0].Certificate = sibling.EKs[0].Certificate }, tpm.CheckEKCertificate, "ek-certificate-key"},
		{"endorsement keys of another maker", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs, e.Certificates = sibling.EKs, sibling.Certificates }, tpm.CheckEKCertificate, "ek-certificate-chain"},
		{"issuer left out", func(e *tpm.Evidence, _ *tpm.Policy) { e.Certificates = nil }, tpm.CheckEKCertificate, "ek-certificate-chain"},
		{"before its time", func(_ *tpm.Evidence, p *tpm.Policy) { p.Now = p.Now.AddDate(-9, 0, 0) }, tpm.CheckEKCertificate, "ek-certificate-expired"},
		{"RSA and ECC mixed up", func(e *tpm.Evidence, _ *tpm.Policy) {
			e.EKs[0].Kind, e.EKs[1].Kind = e.EKs[1].Kind, e.EKs[0].Kind
		}, tpm.CheckEK, "ek-type"},
		{"certificates mixed up", func(e *tpm.Evidence, _ *tpm.Policy) {
			e.EKs[0].Certificate, e.EKs[1].Certificate = e.EKs[1].Certificate, e.EKs[0].Certificate
		}, tpm.CheckEKCertificate, "ek-certificate-key"},
		{"RSA signature for an ECC key", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote.Signature = rsaSignature(t, e.Quote.Attest) }, tpm.CheckSignature, "signature-key-type"},
		{"kind of EK unknown", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs[0].Kind = "sm2" }, tpm.CheckEK, "ek-unknown-algorithm"},
		{"AK as EK", func(e *tpm.Evidence, _ *tpm.Policy) {
			e.EKs = []tpm.EK{{Kind: "ecc-p256", Public: e.AK.Public}}
		}, tpm.CheckEK, "ek-attributes"},
		{"certificate is no certificate", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs[0].Certificate = []byte{0x30, 0} }, tpm.CheckEKCertificate, "ek-certificate-malformed"},
		{"signature algorithm unknown", func(e *tpm.Evidence, _ *tpm.Policy) {
			e.Quote.Signature = append([]byte{0, 0x1a}, e.Quote.Signature[2:]...)
		}, tpm.CheckSignature, "signature-unknown-algorithm"},
		{"signature cut", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote.Signature = e.Quote.Signature[:20] }, tpm.CheckSignature, "signature-malformed"},
		{"signature with a tail", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote.Signature = append(e.Quote.Signature, 0) }, tpm.CheckSignature, "signature-malformed"},
		{"quote cut", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote.Attest = e.Quote.Attest[:40] }, tpm.CheckQuoteForm, "quote-malformed"},
		{"quote's clock changed", func(e *tpm.Evidence, _ *tpm.Policy) { e.Quote.Attest = flip(e.Quote.Attest, 81) }, tpm.CheckSignature, "signature-mismatch"},
		{"AK key type unknown", func(e *tpm.Evidence, _ *tpm.Policy) { e.AK.Public = append([]byte{0, 8}, e.AK.Public[2:]...) }, tpm.CheckAK, "ak-unknown-algorithm"},
		{"AK cut", func(e *tpm.Evidence, _ *tpm.Policy) { e.AK.Public = e.AK.Public[:30] }, tpm.CheckAK, "ak-malformed"},
		{"AK off its curve", func(e *tpm.Evidence, _ *tpm.Policy) { e.AK.Public = flip(e.AK.Public, len(e.AK.Public)-1) }, tpm.CheckAK, "ak-malformed"},
		{"AK's name of another", func(e *tpm.Evidence, _ *tpm.Policy) { e.AK.Name = sibling.AK.Name }, tpm.CheckAKName, "ak-name-mismatch"},
		{"PCR value changed", func(e *tpm.Evidence, _ *tpm.Policy) { e.PCRs[2] = strings.Repeat("0", 64) }, tpm.CheckPCRDigest, "pcrs-digest-mismatch"},
		{"PCR value left out", func(e *tpm.Evidence, _ *tpm.Policy) { e.PCRs = e.PCRs[:15] }, tpm.CheckPCRDigest, "pcrs-count"},
		{"PCR value moved into the next", func(e *tpm.Evidence, _ *tpm.Policy) {
			e.PCRs[0], e.PCRs[1] = e.PCRs[0][:62], e.PCRs[0][62:]+e.PCRs[1]
		}, tpm.CheckPCRDigest, "pcrs-malformed"},
		{"event removed", relog(func(w *eventlogtest.Log) { w.Events = append(w.Events[:8:8], w.Events[9:]...) }), tpm.CheckLogReplay, "log-pcr-mismatch"},
		{"events reordered", relog(func(w *eventlogtest.Log) { w.Events[8], w.Events[9] = w.Events[9], w.Events[8] }), tpm.CheckLogReplay, "log-pcr-mismatch"},
		{"event retyped", relog(func(w *eventlogtest.Log) { w.Events[0].Type = eventlog.EFIVariableConfig }), tpm.CheckLogConsistent, "data-malformed"},
		{"separator retyped", relog(func(w *eventlogtest.Log) {
			i := len(w.Events) - 4
			w.Events[i].Type, w.Events[i].Measured, w.Events[i].Data = eventlog.PostCode, w.Events[i].Data, []byte("ROM")
		}), tpm.CheckLogConsistent, "separator-hidden"},
		{"duplicate separator", relog(func(w *eventlogtest.Log) { w.Events = append(w.Events, w.Events[len(w.Events)-2]) }), tpm.CheckLogReplay, "log-pcr-mismatch"},
		{"separator replaced by a forged event in no PCR", relog(func(w *eventlogtest.Log) { w.Events[7].Type = eventlog.NoAction }), tpm.CheckLogReplay, "log-pcr-mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, p := recorded(t, "good")
			tt.change(e, &p)
			refused(t, e, p, tt.check, tt.code)
		})
	}
	e, p := recorded(t, "extended")
	refused(t, e, p, tpm.CheckLogReplay, "log-pcr-mismatch")
	if r := verified(t, e, p); r.Log != nil {
		t.Error("a log that the TPM contradicts was handed out")
	}
}

// TestDuplicateSeparatorThatTheTPMHolds: a log may replay and still be refused.
func TestDuplicateSeparatorThatTheTPMHolds(t *testing.T) {
	w := bootLog()
	w.Events = append(w.Events, eventlogtest.Event{PCR: 2, Type: eventlog.Separator, Data: make([]byte, 4)})
	e, p := recorded(t, "good")
	e.EventLog = w.Bytes()
	refused(t, e, p, tpm.CheckLogConsistent, "separator-duplicate")
}

func TestUnknownIsNotPass(t *testing.T) {
	tests := []struct {
		name        string
		change      func(e *tpm.Evidence, p *tpm.Policy)
		check, code string
	}{
		{"no roots", func(_ *tpm.Evidence, p *tpm.Policy) { p.Roots = nil }, tpm.CheckEKCertificate, "ek-no-roots"},
		{"no certificate", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs[0].Certificate = nil }, tpm.CheckEKCertificate, "ek-no-certificate"},
		{"no endorsement key", func(e *tpm.Evidence, _ *tpm.Policy) { e.EKs = nil }, tpm.CheckEK, "ek-absent"},
		{"no log", func(e *tpm.Evidence, _ *tpm.Policy) { e.EventLog = nil }, tpm.CheckLogForm, "log-absent"},
		{"key not enrolled", func(_ *tpm.Evidence, p *tpm.Policy) { p.Enrolled = nil }, tpm.CheckBinding, "ak-not-enrolled"},
		{"report not given", func(_ *tpm.Evidence, p *tpm.Policy) { p.ReportDigest = nil }, tpm.CheckReport, "report-not-given"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, p := recorded(t, "good")
			tt.change(e, &p)
			r := verified(t, e, p)
			if c := r.Check(tt.check); r.Status() != tpm.Unknown || c.Status != tpm.Unknown || c.Code != tt.code {
				t.Errorf("result %s, %+v; want unknown %s", r.Status(), c, tt.code)
			}
		})
	}
	if (&tpm.Result{}).Status() != tpm.Unknown {
		t.Error("a result without checks passed")
	}
}

func TestPolicyMustBeComplete(t *testing.T) {
	e, p := recorded(t, "good")
	for name, change := range map[string]func(p *tpm.Policy){
		"no nonce": func(p *tpm.Policy) { p.Nonce = nil }, "short nonce": func(p *tpm.Policy) { p.Nonce = nonce[:15] },
		"no clock": func(p *tpm.Policy) { p.Now = time.Time{} }, "short report digest": func(p *tpm.Policy) { p.ReportDigest = nonce[:3] },
	} {
		q := p
		change(&q)
		if _, err := tpm.Verify(e, q); !errors.Is(err, tpm.ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEvidenceForm(t *testing.T) {
	e, _ := recorded(t, "good")
	good, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "other schema": bytes.Replace(good, []byte("tpm-evidence/v1"), []byte("tpm-evidence/v9"), 1),
		"unknown field": bytes.Replace(good, []byte(`"bank"`), []byte(`"trusted": true, "bank"`), 1),
		"second value":  append(bytes.Clone(good), '{', '}'),
		"field twice":   bytes.Replace(good, []byte(`"bank"`), []byte(`"bank": "sha1", "bank"`), 1),
		"huge key":      bytes.Replace(good, []byte(`"attest": "`), []byte(`"attest": "`+strings.Repeat("AAAA", 4096)), 1),
	} {
		if _, err := tpm.ParseEvidence(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for other, want := range map[string]bool{`{"a":1}`: true, `{"schema":"gpuaudit.report/v1"}`: true, `[]`: false, string(good): false} {
		if _, err := tpm.ParseEvidence([]byte(other)); errors.Is(err, tpm.ErrOther) != want {
			t.Errorf("%.40s: %v", other, err)
		}
	}
	for range 9 {
		e.EKs = append(e.EKs, e.EKs[0])
	}
	many, _ := e.Marshal()
	if _, err := tpm.ParseEvidence(many); err == nil {
		t.Error("eleven endorsement keys: accepted")
	}
}

// FuzzVerify changes the structures behind the JSON: no bytes may make Verify
// panic, and none but the recorded ones may pass.
func FuzzVerify(f *testing.F) {
	for _, name := range []string{"good", "extended", "sibling"} {
		e, _ := recorded(f, name)
		f.Add(e.AK.Public, e.Quote.Attest, e.Quote.Signature, e.EKs[0].Public, e.EKs[0].Certificate, e.EventLog)
	}
	good, policy := recorded(f, "good")
	f.Fuzz(func(t *testing.T, ak, attest, signature, ek, certificate, log []byte) {
		e := *good
		e.EKs = slices.Clone(good.EKs)
		e.AK.Public, e.Quote = ak, tpm.Quote{Attest: attest, Signature: signature}
		e.EKs[0].Public, e.EKs[0].Certificate, e.EventLog = ek, certificate, log
		r, err := tpm.Verify(&e, policy)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Checks) != len(order) {
			t.Fatalf("%d checks", len(r.Checks))
		}
		if r.Status() == tpm.Pass && (!bytes.Equal(attest, good.Quote.Attest) || !bytes.Equal(ak, good.AK.Public)) {
			t.Fatal("passed with a quote that no TPM made")
		}
		_, _, _ = tpm.Ask(&e, rand.Reader)
	})
}

// TestEvidenceHasOneSpelling: the same evidence in other words is refused, so
// that no two files say the same and no reader takes one for the other.
func TestEvidenceHasOneSpelling(t *testing.T) {
	b, err := os.ReadFile("testdata/good.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tpm.ParseEvidence(b); err != nil {
		t.Fatal(err)
	}
	var e map[string]json.RawMessage
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	upper := func(name string) func() []byte {
		return func() []byte { return bytes.Replace(b, e[name], bytes.ToUpper(e[name]), 1) }
	}
	pad := func() []byte { // bits behind the end of the quote's base64
		i := bytes.Index(b, []byte("=\""))
		out := bytes.Clone(b)
		for i--; out[i] == '='; i-- {
		}
		out[i]++
		return out
	}
	for name, change := range map[string]func() []byte{
		"report digest in upper case": upper("report_digest"), "nonce escaped": func() []byte { return bytes.Replace(b, []byte(`"nonce": "1`), []byte(`"nonce": "\u0031`), 1) },
		"PCRs in upper case": upper("pcrs"), "key's name in upper case": func() []byte {
			at := bytes.Index(b, []byte(`"name": "`))
			return append(append(bytes.Clone(b[:at]), bytes.Replace(bytes.ToUpper(b[at:at+80]), []byte(`"NAME"`), []byte(`"name"`), 1)...), b[at+80:]...)
		},
		"bits behind base64": pad, "empty list written out": func() []byte {
			return bytes.Replace(b, []byte(`"attestation_key"`), []byte(`"certificates": [], "attestation_key"`), 1)
		},
	} {
		changed := change()
		if bytes.Equal(changed, b) {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := tpm.ParseEvidence(changed); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
