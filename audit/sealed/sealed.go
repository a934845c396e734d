// Package sealed turns a report into a statement that others can verify: an
// in-toto statement v1 whose subjects are the digests of the evidence and whose
// predicate is the whole report, and reads such statements again.
package sealed

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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

// Why a sealed report is not believed, beside the errors of package seal.
var (
	// ErrContent: it is no report of this schema, or holds what none holds.
	ErrContent = errors.New("the statement holds no report of this schema")
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
	subjects, err := Subjects(r)
	if err != nil {
		return nil, err
	}
	return seal.NewStatement(subjects, ReportType, r)
}

// Subjects are the evidence of a report: each device's facts, and the host's, by
// the SHA-256 of their compact JSON, which is how they stand in the predicate.
func Subjects(r *report.Report) ([]seal.Subject, error) {
	subjects := make([]seal.Subject, 0, len(r.Inventory.Devices)+1)
	add := func(name string, facts any) error {
		text, err := seal.Encode(facts)
		if err != nil {
			return fmt.Errorf("encode the evidence of %s: %w", name, err)
		}
		sum := sha256.Sum256(text)
		subjects = append(subjects, seal.Subject{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
		return nil
	}
	for i := range r.Inventory.Devices {
		if err := add("device "+r.Inventory.Devices[i].Address, &r.Inventory.Devices[i]); err != nil {
			return nil, err
		}
	}
	return subjects, add("host", &r.Inventory.Host)
}

// Summary is the verdict alone, for consumers that want nothing else: SLSA's
// verification summary about the same subjects.
func Summary(r *report.Report, bundle []byte) ([]byte, error) {
	subjects, err := Subjects(r)
	if err != nil {
		return nil, err
	}
	result := "FAILED"
	if r.Verdict.Status == report.Passed {
		result = "PASSED"
	}
	digest := func(b []byte) map[string]string {
		sum := sha256.Sum256(b)
		return map[string]string{"sha256": hex.EncodeToString(sum[:])}
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
		Policy:             resource{"https://gpuaudit.github.io/rules-and-data", digest(policy)},
		InputAttestations:  []resource{{ReportType, digest(bundle)}},
		VerificationResult: result, VerifiedLevels: []string{}, SLSAVersion: "1.1",
	})
}

// Policy is what a sealed report must meet.
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
	r, err := decode(&statement.Statement)
	if err != nil {
		return nil, err
	}
	verified := &Verified{Report: r, Text: statement.Statement.Predicate, Seen: statement.Seen}
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

// Unverified reads a sealed report without a look at who signed it.
func Unverified(bundle []byte) (*report.Report, error) {
	s, err := seal.Unverified(bundle)
	if err != nil {
		return nil, err
	}
	if s.PredicateType != ReportType {
		return nil, fmt.Errorf("%w: %.120q, not %q", seal.ErrPredicateType, s.PredicateType, ReportType)
	}
	return decode(s)
}

// Parse reads a report that nobody has signed.
func Parse(text []byte) (*report.Report, error) {
	r, err := report.Decode(text, seal.StatementLimit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if r.Schema != report.Schema {
		return nil, fmt.Errorf("%w: schema %.60q, want %s", ErrContent, r.Schema, report.Schema)
	}
	return r, nil
}

// decode reads the report and holds it against the subjects, and its verdict
// against its findings: a signer can be wrong, but not contradict itself.
func decode(s *seal.Statement) (*report.Report, error) {
	r, err := Parse(s.Predicate)
	if err != nil {
		return nil, err
	}
	want, err := Subjects(r)
	if err != nil {
		return nil, err
	}
	if len(want) != len(s.Subject) {
		return nil, fmt.Errorf("%w: %d were signed for %d", ErrSubjects, len(s.Subject), len(want))
	}
	for i := range want {
		if s.Subject[i].Name != want[i].Name || len(s.Subject[i].Digest) != 1 || s.Subject[i].Digest["sha256"] != want[i].Digest["sha256"] {
			return nil, fmt.Errorf("%w: %.60s", ErrSubjects, want[i].Name)
		}
	}
	return r, consistent(r)
}

func consistent(r *report.Report) error {
	again := *r
	again.Devices = append([]report.Device{}, r.Devices...)
	again.Judge()
	for i := range again.Devices {
		if err := report.SameAnswers(r.Devices[i].Answers, again.Devices[i].Answers); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrVerdict, r.Devices[i].Address, err)
		}
		// Sentences are of the version that made the report.
		again.Devices[i].Answers = r.Devices[i].Answers
	}
	one, err := json.Marshal([]any{r.Verdict, r.Devices})
	if err != nil {
		return err
	}
	two, err := json.Marshal([]any{again.Verdict, again.Devices})
	if err != nil {
		return err
	}
	if !bytes.Equal(one, two) {
		return fmt.Errorf("%w: it says %s, they give %s", ErrVerdict, r.Verdict.Status, again.Verdict.Status)
	}
	return nil
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
