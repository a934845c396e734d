package signed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

const operator = `version: 1
trusted_root_file: root.json
identities:
  - name: fleet
    kind: KIND
    pci_vendors: ["1002"]
    BOARDS
    not_before: 2020-01-01T00:00:00Z
    not_after: 2099-01-01T00:00:00Z
    subject: https://fleet.example.org/scan
    issuer: https://issuer.example.org
    require: [log, timestamp]
`

// TestReportsOfAnIdentity: an operator's workload signs without a key, in its
// scope, and no byte of what it signed can be changed.
func TestReportsOfAnIdentity(t *testing.T) {
	lab, err := sealtest.New()
	if err != nil {
		t.Fatal(err)
	}
	root, err := lab.Root(sealtest.Parts{Certificates: true, Timestamps: true, Log: true})
	if err != nil {
		t.Fatal(err)
	}
	trusting := func(kind, boards string) *manifest.Trust {
		text := strings.Replace(strings.Replace(operator, "KIND", kind, 1), "    BOARDS\n", boards, 1)
		trust, err := manifest.ParseTrust([]byte(text), fstest.MapFS{"root.json": {Data: root}})
		if err != nil {
			t.Fatal(err)
		}
		return trust
	}
	statement, err := signed.Statement(made(1))
	if err != nil {
		t.Fatal(err)
	}
	s := sealtest.Signature{Subject: "https://fleet.example.org/scan", Issuer: "https://issuer.example.org", Statement: statement, At: time.Now()}
	bundle, err := lab.Keyless(s)
	if err != nil {
		t.Fatal(err)
	}
	p := signed.Policy{Trust: trusting("operator", ""), Now: time.Now()}
	v, err := signed.Verify(bundle, p)
	if err != nil {
		t.Fatal(err)
	}
	if v.Signer != "fleet (operator)" || time.Since(v.Seen).Abs() > time.Minute {
		t.Errorf("verified %s at %s", v.Signer, v.Seen)
	}
	for i := range bundle {
		bad := bytes.Clone(bundle)
		bad[i] ^= 1 << (i % 8)
		if _, err := signed.Verify(bad, p); err == nil {
			t.Fatalf("byte %d of %d can be changed: %q", i, len(bad), bad[max(0, i-40):min(len(bad), i+40)])
		}
	}
	for _, tc := range []struct {
		name  string
		trust *manifest.Trust
		want  error
	}{
		{"a vendor's identity", trusting("vendor", ""), signed.ErrScope},
		{"boards of another maker", trusting("operator", "    subsystem_vendors: [\"1da2\"]\n"), signed.ErrScope},
	} {
		if _, err := signed.Verify(bundle, signed.Policy{Trust: tc.trust, Now: time.Now()}); !errors.Is(err, tc.want) {
			t.Errorf("%s: error is %v", tc.name, err)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(bundle, &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc["verificationMaterial"].(map[string]any), "timestampVerificationData")
	bare, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(bare, p); !errors.Is(err, seal.ErrMissingTimestamp) {
		t.Errorf("timestamp taken out: %v", err)
	}
}
