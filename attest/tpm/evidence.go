package tpm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Schema names the version of the JSON form of [Evidence].
const Schema = "gpuaudit.tpm-evidence/v1"

// EvidenceLimit is the most bytes that an evidence file may have: the largest
// event log in base64, and the rest.
const EvidenceLimit = eventlog.MaxBytes/3*4 + 1<<20

// Limits of the parts, bytes.
const (
	maxCertificate = 16 << 10
	maxStructure   = 4 << 10
	maxEKs         = 8
	maxChain       = 16
)

// Evidence is what a machine states of itself. Nothing in it is to be believed
// before [Verify] has looked at it. Byte fields are base64 in JSON.
type Evidence struct {
	Schema       string `json:"schema"`
	Nonce        string `json:"nonce"`                   // hexadecimal
	ReportDigest string `json:"report_digest,omitempty"` // hexadecimal SHA-256
	EKs          []EK   `json:"endorsement_keys"`
	// Certificates are issuers, DER, that may lead from an EK's certificate to a root.
	Certificates [][]byte `json:"certificates,omitempty"`
	AK           Key      `json:"attestation_key"`
	Quote        Quote    `json:"quote"`
	// Bank names the hash of the PCRs; PCRs are 0 to 15, hexadecimal.
	Bank     string   `json:"bank"`
	PCRs     []string `json:"pcrs"`
	EventLog []byte   `json:"event_log,omitempty"`
}

// EK is an endorsement key: what makes this TPM this TPM.
type EK struct {
	Kind        string `json:"kind"`   // "rsa-2048", "ecc-p256", "ecc-p384"
	Public      []byte `json:"public"` // TPMT_PUBLIC
	Certificate []byte `json:"certificate,omitempty"`
}

// Key is a key's public area and the name that it claims.
type Key struct {
	Public []byte `json:"public"` // TPMT_PUBLIC
	Name   string `json:"name"`   // hexadecimal
}

// Quote is a TPMS_ATTEST and the TPMT_SIGNATURE over it.
type Quote struct {
	Attest    []byte `json:"attest"`
	Signature []byte `json:"signature"`
}

// ParseEvidence reads an evidence file. It checks the form only.
func ParseEvidence(b []byte) (*Evidence, error) {
	var e Evidence
	if err := other(b); err != nil {
		return nil, err
	}
	if err := strictjson.Unmarshal(b, EvidenceLimit, &e); err != nil {
		return nil, fmt.Errorf("TPM evidence: %w", err)
	}
	for name, n := range map[string]int{"attestation_key": len(e.AK.Public), "quote.attest": len(e.Quote.Attest), "quote.signature": len(e.Quote.Signature)} {
		if n > maxStructure {
			return nil, fmt.Errorf("TPM evidence: %s has %d bytes, more than the %d allowed", name, n, maxStructure)
		}
	}
	if len(e.EKs) > maxEKs || len(e.Certificates) > maxChain {
		return nil, fmt.Errorf("TPM evidence: %d endorsement keys and %d certificates, more than the %d and %d allowed", len(e.EKs), len(e.Certificates), maxEKs, maxChain)
	}
	for _, ek := range e.EKs {
		if len(ek.Public) > maxStructure || len(ek.Certificate) > maxCertificate {
			return nil, fmt.Errorf("TPM evidence: endorsement key %.20q is too large", ek.Kind)
		}
	}
	for _, c := range e.Certificates {
		if len(c) > maxCertificate {
			return nil, fmt.Errorf("TPM evidence: a certificate of %d bytes is too large", len(c))
		}
	}
	return &e, spelling(b, &e)
}

// ErrOther says that a file is something else than evidence of a TPM.
var ErrOther = errors.New("no evidence of a TPM")

// other says what a document of another kind is, before any of its fields is called
// unknown. What does not parse is for the strict reader to say.
func other(b []byte) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	switch err := json.Unmarshal(b[:min(len(b), EvidenceLimit)], &head); {
	case err != nil || head.Schema != nil && *head.Schema == Schema:
		return nil
	case head.Schema == nil:
		return fmt.Errorf("%w: it states no schema, which is %q there", ErrOther, Schema)
	}
	return fmt.Errorf("%w: its schema is %.60q, and not %q", ErrOther, *head.Schema, Schema)
}

// spelling says that evidence is not written as [Evidence.Marshal] writes it,
// white space between its parts aside. Hexadecimal digits of another case, bits
// behind the end of base64 and escapes would let the same evidence have several
// texts, and two readers may differ on them.
func spelling(b []byte, e *Evidence) error {
	var given bytes.Buffer
	if err := json.Compact(&given, b); err != nil {
		return fmt.Errorf("TPM evidence: %w", err)
	}
	want, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("TPM evidence: %w", err)
	}
	if !bytes.Equal(given.Bytes(), want) {
		at := 0
		for at < min(given.Len(), len(want)) && given.Bytes()[at] == want[at] {
			at++
		}
		return fmt.Errorf("TPM evidence: it has one spelling, without white space %.40q, and here is %.40q: gather it with gpuaudit attest tpm, and do not rewrite it", want[at:], given.Bytes()[at:])
	}
	hexadecimal := append([]string{e.Nonce, e.ReportDigest, e.AK.Name}, e.PCRs...)
	for _, text := range hexadecimal {
		if text != strings.ToLower(text) {
			return fmt.Errorf("TPM evidence: %.80q: hexadecimal digits are lower case", text)
		}
	}
	return nil
}

// Marshal writes an evidence file.
func (e *Evidence) Marshal() ([]byte, error) {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("TPM evidence: %w", err)
	}
	return append(b, '\n'), nil
}

// pcrDigest is the digest that a quote holds over the PCRs, in their order
// (Part 3, TPM2_Quote); the AK's hash is SHA-256. Values that are not
// hexadecimal give nil, which is no digest.
func pcrDigest(pcrs []string) []byte {
	h := sha256.New()
	for _, p := range pcrs {
		b, err := hex.DecodeString(p)
		if err != nil {
			return nil
		}
		h.Write(b)
	}
	return h.Sum(nil)
}
