// Package signed turns a report into a statement that others can verify: an
// in-toto statement v1 whose subjects are the digests of the evidence and whose
// predicate is the whole report, and reads such statements again.
package signed

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Predicate types of the statements.
const (
	ReportType = "https://gpuaudit.github.io/report/v1"
	// SummaryType is SLSA's verification summary (slsa.dev/spec/v1.1/verification_summary).
	SummaryType = "https://slsa.dev/verification_summary/v1"
)

// Why a signed report is not believed, beside the errors of package seal.
var (
	// ErrContent: it is no report of this schema, or holds what none holds.
	ErrContent = errors.New("no report of this version of gpuaudit")
	// ErrSubjects: the digests that were signed are not those of the evidence.
	ErrSubjects = errors.New("the subjects are not the evidence of the report")
	// ErrScope: the key is not trusted for these devices, or not for reports.
	ErrScope = errors.New("the key may not speak here")
	// ErrFuture and ErrStale: the report's time does not fit the reader's clock.
	ErrFuture = errors.New("the report is of a later time than the clock")
	ErrStale  = errors.New("the report is too old")
	// ErrVerdict: the verdict is not what the findings give.
	ErrVerdict = errors.New("the verdict does not follow from the findings")
	// ErrRecheck: the same inputs gave another report.
	ErrRecheck = errors.New("judging the same evidence again gives another report")
)

// skew is how far a reader's clock may lag behind the signer's.
const skew = 5 * time.Minute

// Statement is the report as a statement to sign.
func Statement(r *report.Report) ([]byte, error) {
	text, err := seal.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	return statement(text)
}

// statement is a report's text as a statement to sign: as it stands, since a report
// of an older version would get other members if it were spelt anew.
func statement(text []byte) ([]byte, error) {
	subjects, err := subjects(text)
	if err != nil {
		return nil, err
	}
	return seal.NewStatement(subjects, ReportType, json.RawMessage(text))
}

// subjects are the evidence of a report: each device's facts, and the host's, by the
// SHA-256 of their compact JSON, which is how they stand in the predicate. They are
// taken from the text, whatever version of this program spelt it.
func subjects(text []byte) ([]seal.Subject, error) {
	var doc struct {
		Inventory struct {
			Devices []json.RawMessage `json:"devices"`
			Host    json.RawMessage   `json:"host"`
		} `json:"inventory"`
	}
	if err := jsonv2.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	list := make([]seal.Subject, 0, len(doc.Inventory.Devices)+1)
	add := func(name string, facts json.RawMessage) error {
		compact, err := seal.Encode(facts)
		if err != nil {
			return fmt.Errorf("the evidence of %s: %w", name, err)
		}
		list = append(list, seal.Subject{Name: name, Digest: sha256Of(compact)})
		return nil
	}
	for _, facts := range doc.Inventory.Devices {
		var d struct {
			Address string `json:"address"`
		}
		if err := jsonv2.Unmarshal(facts, &d); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrContent, err)
		}
		if err := add("device "+d.Address, facts); err != nil {
			return nil, err
		}
	}
	return list, add("host", doc.Inventory.Host)
}

func sha256Of(b []byte) map[string]string {
	sum := sha256.Sum256(b)
	return map[string]string{"sha256": hex.EncodeToString(sum[:])}
}

// Summary is the verdict alone, for consumers that want nothing else: SLSA's
// verification summary about the same subjects.
func (s *Stored) Summary(bundle []byte) ([]byte, error) {
	r := s.Report
	subjects, err := subjects(s.Text)
	if err != nil {
		return nil, err
	}
	// No level of SLSA's tracks speaks of hardware; of a failure SLSA wants its word here, too.
	result, levels := "FAILED", []string{"FAILED"}
	if r.Verdict.Status == report.Passed {
		result, levels = "PASSED", []string{}
	}
	policy, err := json.Marshal([]any{r.DataSets, r.Policy, r.Waivers})
	if err != nil {
		return nil, err
	}
	type resource struct {
		URI    string            `json:"uri"`
		Digest map[string]string `json:"digest"`
	}
	return seal.NewStatement(subjects, SummaryType, struct {
		Verifier struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		} `json:"verifier"`
		TimeVerified       time.Time  `json:"timeVerified"`
		ResourceURI        string     `json:"resourceUri"`
		Policy             resource   `json:"policy"`
		InputAttestations  []resource `json:"inputAttestations"`
		VerificationResult string     `json:"verificationResult"`
		VerifiedLevels     []string   `json:"verifiedLevels"`
		SLSAVersion        string     `json:"slsaVersion"`
	}{
		Verifier: struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		}{"https://gpuaudit.github.io", map[string]string{r.Tool.Name: r.Tool.Version}},
		TimeVerified: r.Now, ResourceURI: "urn:gpuaudit:machine",
		Policy:             resource{"https://gpuaudit.github.io/rules-and-data", sha256Of(policy)},
		InputAttestations:  []resource{{ReportType, sha256Of(bundle)}},
		VerificationResult: result, VerifiedLevels: levels, SLSAVersion: "1.1",
	})
}

// Policy is what a signed report must meet.
type Policy struct {
	// Trust says who may sign reports, for which devices; or Key is one key whose
	// scope nobody has stated. Exactly one of them is set.
	Trust *manifest.Trust
	Key   crypto.PublicKey
	// Root says whose timestamps and log entries may stand beside the signature
	// of Key; nil admits none. Trust has its own.
	Root *seal.Root
	Now  time.Time
	// MaxAge is how old the report may be; 0 means any age.
	MaxAge time.Duration
}

// Verified is a report whose signature met the policy.
type Verified struct {
	Report *report.Report
	// Text is the report as it was signed.
	Text []byte
	// Signer names the key or identity of the trust file and its role; "" with a
	// Key alone.
	Signer string
	// Seen is when the first witness saw the signature; zero without one.
	Seen time.Time

	facts []byte // see [Stored.Facts]
}

// Verify checks signature, type, content, subjects, scope and time, in this
// order. Any error means that nothing of the report may be believed.
func Verify(bundle []byte, p Policy) (*Verified, error) {
	if (p.Trust == nil) == (p.Key == nil) {
		return nil, fmt.Errorf("%w: give a trust file or a key, one of them", seal.ErrPolicy)
	}
	policy := seal.Policy{Keys: []seal.Key{seal.GivenKey(p.Key)}, Root: p.Root, PredicateType: ReportType, Now: p.Now}
	if p.Trust != nil {
		policy = p.Trust.Policy(ReportType, p.Now)
	}
	v, err := seal.NewVerifier(policy)
	if err != nil {
		return nil, err
	}
	statement, err := v.Verify(bundle)
	if err != nil {
		return nil, err
	}
	r, facts, err := decode(&statement.Statement)
	if err != nil {
		return nil, err
	}
	verified := &Verified{Report: r, facts: facts, Text: statement.Statement.Predicate, Seen: statement.Seen}
	if p.Trust != nil {
		if verified.Signer, err = mayReport(p.Trust, statement.Signer, r); err != nil {
			return nil, err
		}
	}
	switch age := p.Now.Sub(r.Now); {
	case age < -skew:
		return nil, fmt.Errorf("%w: it is of %s", ErrFuture, r.Now.Format(time.RFC3339))
	case p.MaxAge > 0 && age > p.MaxAge:
		return nil, fmt.Errorf("%w: it is of %s, %s ago, and at most %s are allowed", ErrStale, r.Now.Format(time.RFC3339), age.Round(time.Minute), p.MaxAge)
	}
	return verified, nil
}

// unverified reads a signed report without a look at who signed it.
func unverified(bundle []byte) (*Stored, error) {
	s, err := seal.Unverified(bundle)
	if err != nil {
		return nil, err
	}
	if s.PredicateType != ReportType {
		return nil, fmt.Errorf("%w: %.120q, not %q", seal.ErrPredicateType, s.PredicateType, ReportType)
	}
	r, facts, err := decode(s)
	if err != nil {
		return nil, err
	}
	return &Stored{Report: r, Text: s.Predicate, Signed: true, Facts: facts}, nil
}

// parse reads a report of at most limit bytes, whole or for its facts, and gives the text
// of these.
func parse(text []byte, limit int, decode func([]byte, int) (*report.Report, []byte, error)) (*report.Report, []byte, error) {
	r, facts, err := decode(text, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if r.Schema != report.Schema {
		return nil, nil, fmt.Errorf("%w: schema %.60q, want %s", ErrContent, r.Schema, report.Schema)
	}
	if missing := lacks(r); missing != "" {
		return nil, nil, fmt.Errorf("%w: it has no %s", ErrContent, missing)
	}
	return r, facts, nil
}

// lacks names what every report has and this one has not; "" for nothing. What is
// left of a report that somebody cut must not look like a machine without devices.
func lacks(r *report.Report) string {
	switch {
	case r.Tool.Name == "":
		return "tool"
	case r.Now.IsZero():
		return "now"
	case r.FailOn == "":
		return "fail_on"
	case r.Verdict.Status == "":
		return "verdict"
	case r.Findings == nil:
		return "findings"
	case r.Devices == nil:
		return "devices"
	}
	known := map[string]bool{}
	for i := range r.Inventory.Devices {
		known[r.Inventory.Devices[i].Address] = true
	}
	for i := range r.Devices {
		if address := r.Devices[i].Address; !known[address] {
			return fmt.Sprintf("facts of device %.20q", address)
		}
	}
	return ""
}

// decode reads the report and holds it against the subjects, and its verdict
// against its findings: a signer can be wrong, but not contradict itself.
func decode(s *seal.Statement) (r *report.Report, facts []byte, err error) {
	if r, facts, err = parse(s.Predicate, seal.StatementLimit, report.DecodeWhole); err != nil {
		return nil, nil, err
	}
	if err := evidenceOf(s.Predicate, s.Subject); err != nil {
		// Another program may have spelt the statement anew, after taking the digests.
		anew, encodeErr := seal.Encode(r)
		if encodeErr != nil || evidenceOf(anew, s.Subject) != nil {
			return nil, nil, err
		}
	}
	return r, facts, consistent(r)
}

// evidenceOf says that the subjects are the evidence of a report.
func evidenceOf(text []byte, signed []seal.Subject) error {
	want, err := subjects(text)
	if err != nil {
		return err
	}
	if len(want) != len(signed) {
		return fmt.Errorf("%w: %d were signed for %d", ErrSubjects, len(signed), len(want))
	}
	for i := range want {
		if signed[i].Name != want[i].Name || len(signed[i].Digest) != 1 || signed[i].Digest["sha256"] != want[i].Digest["sha256"] {
			return fmt.Errorf("%w: %.60s", ErrSubjects, want[i].Name)
		}
	}
	return nil
}

// consistent holds the verdict of a report against its findings: what it decides, not
// the sentences that explain it, which later versions of the program word otherwise.
func consistent(r *report.Report) error {
	again := *r
	again.Devices = append([]report.Device{}, r.Devices...)
	again.Decide()
	one, two := r.Verdict, again.Verdict
	if one.Status != two.Status || one.ExitCode != two.ExitCode || one.Counts != two.Counts {
		return fmt.Errorf("%w: it says %s, they give %s", ErrVerdict, r.Verdict.Status, again.Verdict.Status)
	}
	for i := range r.Devices {
		if err := report.SameAnswers(r.Devices[i].Answers, again.Devices[i].Answers); err != nil {
			return fmt.Errorf("%w: %.20s: %w", ErrVerdict, r.Devices[i].Address, err)
		}
		if d, want := &r.Devices[i], &again.Devices[i]; !follows(d, want, r.Notice == "") {
			return fmt.Errorf("%w: of %.20s it says %s, %s; they give %s, %s", ErrVerdict, d.Address, d.Status, d.Identity.Verdict, want.Status, want.Identity.Verdict)
		}
	}
	return nil
}

// follows says that what a report concludes of a device is what its findings give. A
// report that is older than the answers on restrictions states none and no notice, and
// one that is older than those on identity states no word of it.
func follows(d, want *report.Device, old bool) bool {
	return d.Status == want.Status && d.Counts == want.Counts &&
		sameIdentity(d.Identity, want.Identity) &&
		(old && d.Restrictions == nil || sameRestrictions(d.Restrictions, want.Restrictions))
}

func sameIdentity(stated, want report.Identity) bool {
	if stated.Verdict == "" {
		return len(stated.Reasons) == 0
	}
	return stated.Verdict == want.Verdict && slices.Equal(stated.Reasons, want.Reasons)
}

func sameRestrictions(a, b *report.Restrictions) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.Restricted, b.Restricted) && slices.Equal(a.NeedsHuman, b.NeedsHuman) &&
		slices.Equal(a.DataTooOld, b.DataTooOld) && slices.Equal(a.Context, b.Context)
}

// mayReport holds the signer against its scope: a report is an operator's, a
// lab's or an integrator's, on devices whose makers it is trusted for. A device
// whose maker could not be read is in nobody's scope.
func mayReport(t *manifest.Trust, name string, r *report.Report) (string, error) {
	signer := t.Named(name)
	if signer.Kind == manifest.Vendor {
		return "", fmt.Errorf("%w: %q is trusted as vendor, and vendors make no reports", ErrScope, name)
	}
	for i := range r.Devices {
		if r.Devices[i].Role != "" {
			continue // listed, and nothing said of it
		}
		d := r.Inventory.Device(r.Devices[i].Address)
		if d == nil || !signer.ForDevice(inventory.Text(d.PCI.VendorID), inventory.Text(d.PCI.SubsystemVendorID)) {
			return "", fmt.Errorf("%w: %s, the report is on %s", ErrScope, signer.Words(), r.Devices[i].Address)
		}
	}
	return fmt.Sprintf("%s (%s)", signer.Name, signer.Kind), nil
}

// Same says whether a report that was made again is the one that was signed,
// byte for byte, and names the first place where it is not.
func (v *Verified) Same(again *report.Report) error {
	text, err := seal.Encode(again)
	if err != nil {
		return err
	}
	if bytes.Equal(text, v.Text) {
		return nil
	}
	var one, two any
	if json.Unmarshal(v.Text, &one) != nil || json.Unmarshal(text, &two) != nil {
		return ErrRecheck
	}
	return fmt.Errorf("%w: %s differs", ErrRecheck, firstDifference("", one, two))
}
