package tpm

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// Policy is what a verifier brings: all that the evidence cannot say of itself.
type Policy struct {
	// Nonce is the one that the verifier gave out. Required.
	Nonce []byte
	// Now is the clock against which certificates are judged. Required.
	Now time.Time
	// Roots are certificates that the verifier trusts to vouch for TPMs. Where
	// there are none, Vendors are trusted by their keys; without either the
	// endorsement key stays unknown.
	Roots   []*x509.Certificate
	Vendors []Root
	// Chain are certificates that may lead to a root, beside those of the
	// evidence. They are believed only as far as a root signed them.
	Chain []*x509.Certificate
	// Enrolled is the attestation key that answered a challenge, and for which
	// endorsement keys; nil leaves the binding unknown.
	Enrolled *Enrolment
	// ReportDigest is the SHA-256 of the report that the quote must cover; nil
	// leaves a digest in the evidence unknown.
	ReportDigest []byte
}

// ErrPolicy says that a policy lacks what every verification needs.
var ErrPolicy = errors.New("incomplete policy")

// Names of the checks, in their order.
const (
	CheckAK            = "ak-public"
	CheckAKAttributes  = "ak-attributes"
	CheckAKName        = "ak-name"
	CheckQuoteForm     = "quote-form"
	CheckSignature     = "quote-signature"
	CheckSigner        = "quote-signer"
	CheckNonce         = "quote-nonce"
	CheckReport        = "quote-report"
	CheckPCRSelection  = "quote-pcr-selection"
	CheckPCRDigest     = "quote-pcr-digest"
	CheckClock         = "quote-clock"
	CheckEK            = "ek-public"
	CheckEKCertificate = "ek-certificate"
	CheckBinding       = "ak-binding"
	CheckLogForm       = "log-form"
	CheckLogReplay     = "log-replay"
	CheckLogConsistent = "log-consistent"
)

// NotReached is the code of a check whose predecessor did not pass.
const NotReached = check.NotReached

// Verify judges evidence. It reads no file, no clock and no network; its error
// is of the policy alone, never of the evidence.
func Verify(e *Evidence, p Policy) (*Result, error) {
	switch {
	case len(p.Nonce) < MinNonce || len(p.Nonce) > MaxNonce:
		return nil, fmt.Errorf("%w: the nonce has %d bytes, it must have %d to %d", ErrPolicy, len(p.Nonce), MinNonce, MaxNonce)
	case p.Now.IsZero():
		return nil, fmt.Errorf("%w: no clock", ErrPolicy)
	case len(p.ReportDigest) != 0 && len(p.ReportDigest) != sha256.Size:
		return nil, fmt.Errorf("%w: the report digest has %d bytes", ErrPolicy, len(p.ReportDigest))
	}
	v := &verifier{e: e, p: p, r: &Result{}}
	v.attestationKey()
	v.quoteForm()
	v.quoteContents()
	v.pcrs()
	v.endorsement()
	v.binding()
	v.log()
	return v.r, nil
}

// verifier holds what the checks learn for each other. A field that a failed
// check leaves nil makes those behind it unknown.
type verifier struct {
	e *Evidence
	p Policy
	r *Result

	public *tpm2.TPMTPublic
	key    crypto.PublicKey
	name   []byte
	attest *attest
	bank   eventlog.Algorithm
	proven bool // the PCR values are those of a quote that verified
}

func (v *verifier) pass(name string) {
	v.r.Checks = append(v.r.Checks, Check{Name: name, Status: Pass})
}

func (v *verifier) add(name string, s Status, code, format string, args ...any) {
	v.r.Checks = append(v.r.Checks, Check{Name: name, Status: s, Code: code, Detail: fmt.Sprintf(format, args...)})
}

func (v *verifier) fail(name, code, format string, args ...any) {
	v.add(name, Fail, code, format, args...)
}

func (v *verifier) unknown(name, code, format string, args ...any) {
	v.add(name, Unknown, code, format, args...)
}

// at gives the last check the place of its fault.
func (v *verifier) at(offset int) { v.r.Checks[len(v.r.Checks)-1].Offset = &offset }

func (v *verifier) skipped(names ...string) {
	for _, name := range names {
		v.unknown(name, NotReached, "an earlier check did not pass")
	}
}

func (v *verifier) passed(name string) bool {
	c := v.r.Check(name)
	return c != nil && c.Status == Pass
}

func (v *verifier) attestationKey() {
	public, key, err := parsePublic(v.e.AK.Public)
	if err != nil {
		code := "ak-malformed"
		if errors.Is(err, errAlgorithm) {
			code = "ak-unknown-algorithm"
		}
		v.fail(CheckAK, code, "%v", err)
		v.skipped(CheckAKAttributes, CheckAKName)
		return
	}
	v.public, v.key = public, key
	v.pass(CheckAK)
	if code, why := akAttributes(public); code != "" {
		v.fail(CheckAKAttributes, code, "%s", why)
	} else {
		v.pass(CheckAKAttributes)
	}
	name, err := nameOf(public, v.e.AK.Public)
	if err != nil {
		v.fail(CheckAKName, "ak-unknown-algorithm", "%v", err)
		return
	}
	if stated, err := hex.DecodeString(v.e.AK.Name); err != nil || !bytes.Equal(stated, name) {
		v.fail(CheckAKName, "ak-name-mismatch", "the public area's name is %x, not %.140q", name, v.e.AK.Name)
		return
	}
	v.name, v.r.AKName = name, hex.EncodeToString(name)
	v.pass(CheckAKName)
}

// akAttributes refuses keys that sign more than the TPM's own words, or that
// exist elsewhere (Part 2, section 8.3).
func akAttributes(p *tpm2.TPMTPublic) (code, why string) {
	a := p.ObjectAttributes
	switch {
	case !a.Restricted:
		return "ak-not-restricted", "the key signs whatever it is given"
	case !a.SignEncrypt:
		return "ak-not-signing", "the key is not for signing"
	case a.Decrypt:
		return "ak-decrypts", "the key decrypts as well"
	case !a.FixedTPM || !a.FixedParent:
		return "ak-not-fixed", "the key can be moved to another TPM"
	case !a.SensitiveDataOrigin:
		return "ak-imported", "the key was not made by the TPM"
	}
	return "", ""
}

// quoteForm decodes the structure and checks the signature over it.
func (v *verifier) quoteForm() {
	if len(v.e.Quote.Attest) > maxStructure {
		v.fail(CheckQuoteForm, "quote-malformed", "%d bytes", len(v.e.Quote.Attest))
		v.skipped(CheckSignature)
		return
	}
	a, err := parseAttest(v.e.Quote.Attest)
	switch {
	case err != nil:
		v.fail(CheckQuoteForm, "quote-malformed", "%v", err)
		if f, ok := errors.AsType[*attestError](err); ok {
			v.at(f.offset)
		}
	case a.magic != magicGenerated:
		v.fail(CheckQuoteForm, "quote-magic", "the structure begins with %08x: no TPM made it", a.magic)
		v.at(0)
	case a.quote == nil:
		v.fail(CheckQuoteForm, "quote-type", "the structure is of type %04x, not a quote", a.kind)
		v.at(4)
	default:
		v.attest = a
		v.pass(CheckQuoteForm)
	}
	if v.key == nil {
		v.skipped(CheckSignature)
		return
	}
	switch err := verifySignature(v.key, v.e.Quote.Attest, v.e.Quote.Signature); {
	case err == nil:
		v.pass(CheckSignature)
	case errors.Is(err, errAlgorithm):
		v.fail(CheckSignature, "signature-unknown-algorithm", "%v", err)
	case errors.Is(err, errSignatureForm):
		v.fail(CheckSignature, "signature-malformed", "%v", err)
	case errors.Is(err, errSignatureKind):
		v.fail(CheckSignature, "signature-key-type", "%v", err)
	default:
		v.fail(CheckSignature, "signature-mismatch", "%v", err)
	}
}

// quoteContents checks who signed, for whom, and when.
func (v *verifier) quoteContents() {
	if v.attest == nil {
		v.skipped(CheckSigner, CheckNonce, CheckReport)
		return
	}
	v.signer()
	digest, err := hex.DecodeString(v.e.ReportDigest)
	if err != nil || len(digest) != 0 && len(digest) != sha256.Size {
		v.fail(CheckNonce, "report-digest-malformed", "%.80q is no SHA-256 digest", v.e.ReportDigest)
		v.skipped(CheckReport)
		return
	}
	extra := v.attest.extraData
	switch {
	case len(extra) == 0:
		v.fail(CheckNonce, "extra-data-empty", "the quote was made for no nonce")
	case !bytes.Equal(extra, ExtraData(v.p.Nonce, digest)):
		v.fail(CheckNonce, "extra-data-mismatch", "the quote was made for another nonce or report")
	case v.e.Nonce != hex.EncodeToString(v.p.Nonce):
		v.fail(CheckNonce, "nonce-mismatch", "the evidence states another nonce than it was made for")
	default:
		v.pass(CheckNonce)
	}
	switch {
	case v.p.ReportDigest != nil && !bytes.Equal(v.p.ReportDigest, digest):
		v.fail(CheckReport, "report-digest-mismatch", "the quote does not cover that report")
	case v.p.ReportDigest == nil && len(digest) > 0:
		v.unknown(CheckReport, "report-not-given", "the quote covers the report sha256:%x, which was not given", digest)
	default:
		v.pass(CheckReport)
		if v.passed(CheckNonce) {
			v.r.ReportDigest = v.e.ReportDigest
		}
	}
}

func (v *verifier) signer() {
	if v.name == nil {
		v.skipped(CheckSigner)
		return
	}
	want, err := qualifiedName(v.public, v.name)
	if err != nil || !bytes.Equal(v.attest.signer, want) {
		v.fail(CheckSigner, "quote-signer", "the TPM names the signer %x: not this key as a primary key of the endorsement hierarchy", v.attest.signer)
		return
	}
	v.pass(CheckSigner)
}

// pcrs checks that the quote covers exactly PCR 0 to 15 of one good bank, and
// that the values are those that it covers (CVE-2022-0317 is the lack of it).
func (v *verifier) pcrs() {
	if v.attest == nil {
		v.skipped(CheckPCRSelection, CheckPCRDigest, CheckClock)
		return
	}
	if code, why := v.selection(); code != "" {
		v.fail(CheckPCRSelection, code, "%s", why)
		v.skipped(CheckPCRDigest)
	} else {
		v.pass(CheckPCRSelection)
		v.digest()
	}
	c := v.attest.clock
	if !c.Safe {
		v.unknown(CheckClock, "clock-unsafe", "the TPM may have reported a later time before")
	} else {
		v.pass(CheckClock)
	}
	v.proven = v.passed(CheckPCRDigest) && v.passed(CheckSignature) && v.passed(CheckAKAttributes) && v.passed(CheckSigner) && v.passed(CheckNonce)
	if v.passed(CheckSignature) {
		v.r.Clock = &c
	}
}

func (v *verifier) selection() (code, why string) {
	selected := 0
	for _, s := range v.attest.quote.selections {
		selected += len(s.pcrs())
	}
	if selected == 0 {
		return "pcrs-none", "the quote selects no PCR"
	}
	if n := len(v.attest.quote.selections); n != 1 {
		return "pcrs-selection", fmt.Sprintf("the quote selects from %d banks, not one", n)
	}
	s := v.attest.quote.selections[0]
	bank := eventlog.Algorithm(s.hash)
	if _, ok := bank.Hash(); !ok {
		return "pcrs-unknown-algorithm", fmt.Sprintf("the quoted bank is %s", bank)
	}
	if !slices.Contains(banks, bank) {
		return "pcrs-weak-bank", fmt.Sprintf("the quoted bank is %s", bank)
	}
	want := make([]int, quoted)
	for i := range want {
		want[i] = i
	}
	if got := s.pcrs(); !slices.Equal(got, want) {
		return "pcrs-selection", fmt.Sprintf("the quote selects the PCRs %v, not 0 to %d", got, quoted-1)
	}
	if v.e.Bank != bank.String() {
		return "pcrs-bank-mismatch", fmt.Sprintf("the evidence states bank %.20q, the quote is over %s", v.e.Bank, bank)
	}
	v.bank, v.r.Bank = bank, bank.String()
	return "", ""
}

func (v *verifier) digest() {
	h, _ := v.bank.Hash()
	if len(v.e.PCRs) != quoted {
		v.fail(CheckPCRDigest, "pcrs-count", "%d PCR values, not %d", len(v.e.PCRs), quoted)
		return
	}
	for i, p := range v.e.PCRs {
		if b, err := hex.DecodeString(p); err != nil || len(b) != h.Size() {
			v.fail(CheckPCRDigest, "pcrs-malformed", "PCR %d is no %s digest", i, v.bank)
			return
		}
	}
	if !bytes.Equal(v.attest.quote.digest, pcrDigest(v.e.PCRs)) {
		v.fail(CheckPCRDigest, "pcrs-digest-mismatch", "the PCR values are not those that were quoted")
		return
	}
	v.pass(CheckPCRDigest)
}
