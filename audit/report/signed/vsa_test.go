package signed_test

import (
	"slices"
	"testing"

	vsa "github.com/in-toto/attestation/go/predicates/vsa/v1"
	statement "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// TestSummaryIsVSA: in-toto's own types take the summary as a statement of a verification
// summary, member for member, and refuse one with another member.
func TestSummaryIsVSA(t *testing.T) {
	for want, status := range map[string]finding.Status{"PASSED": finding.Pass, "FAILED": finding.Unknown} {
		r := made(2)
		for i := range r.Findings {
			r.Findings[i].Status = status
		}
		r.Decide()
		text, err := seal.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := (&signed.Stored{Report: r, Text: text}).Summary([]byte("bundle"))
		if err != nil {
			t.Fatal(err)
		}
		var s statement.Statement
		if err := protojson.Unmarshal(summary, &s); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%v", err)
		}
		// SLSA 1.1 has the verifier's version; in-toto's types are of SLSA 1.0 there.
		delete(s.GetPredicate().GetFields()["verifier"].GetStructValue().GetFields(), "version")
		predicate, err := protojson.Marshal(s.GetPredicate())
		if err != nil {
			t.Fatal(err)
		}
		var v vsa.VerificationSummary
		if err := protojson.Unmarshal(predicate, &v); err != nil {
			t.Fatalf("%v\n%s", err, predicate)
		}
		if v.GetVerificationResult() != want || v.GetVerifier().GetId() == "" || v.GetTimeVerified() == nil || v.GetResourceUri() == "" || v.GetPolicy().GetDigest()["sha256"] == "" || len(v.GetInputAttestations()) != 1 {
			t.Errorf("%s: %v", want, &v)
		}
		if levels := v.GetVerifiedLevels(); (want == "FAILED") != slices.Equal(levels, []string{"FAILED"}) || want == "PASSED" && len(levels) > 0 {
			t.Errorf("%s: verified levels %q", want, levels)
		}
		if protojson.Unmarshal([]byte(`{"verdict": "PASSED"}`), &v) == nil {
			t.Error("the types take a member that they do not have")
		}
	}
}
