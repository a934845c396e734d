package tpm

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// Limits of a nonce, bytes. Below 16 it could be guessed.
const (
	MinNonce = 16
	MaxNonce = 64
)

// quoted is how many PCRs a quote covers: 0 to 15, those that only a reset of
// the machine sets back (PTP 1.05, section 4.6).
const quoted = 16

// Request is what to gather evidence for.
type Request struct {
	Nonce []byte // the verifier's
	// ReportDigest is the SHA-256 of a report that the quote shall cover; nil for none.
	ReportDigest []byte
	// EventLog is the boot event log; nil where it could not be read.
	EventLog []byte
	// Certificates are issuers to put beside those that the TPM holds, DER.
	Certificates [][]byte
}

// ExtraData is what a quote signs beside the PCRs: SHA-256 over the nonce and,
// if there is one, the report's digest. The verifier knows the nonce's length,
// so the two cannot be cut differently.
func ExtraData(nonce, reportDigest []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(nonce), reportDigest...))
	return sum[:]
}

// Collect gathers evidence. It leaves no key in the TPM.
func Collect(t transport.TPM, r Request) (*Evidence, error) {
	if err := checkRequest(&r); err != nil {
		return nil, err
	}
	bank, err := bankOf(t)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Schema: Schema, Nonce: hex.EncodeToString(r.Nonce), ReportDigest: hex.EncodeToString(r.ReportDigest), Bank: bank.String(), EventLog: r.EventLog}
	if e.EKs, err = endorsementKeys(t); err != nil {
		return nil, err
	}
	e.Certificates = append(issuersInNV(t), r.Certificates...)
	if n := len(e.Certificates); n > maxChain {
		return nil, fmt.Errorf("%d issuers' certificates, more than the %d allowed", n, maxChain)
	}
	ak, err := primary(t, akTemplate())
	if err != nil {
		return nil, fmt.Errorf("make the attestation key: %w", err)
	}
	defer flush(t, ak.ObjectHandle)
	e.AK = Key{Public: ak.OutPublic.Bytes(), Name: hex.EncodeToString(ak.Name.Buffer)}
	// Something may be measured between quote and reading: then again.
	for range 5 {
		if err := e.quote(t, ak, bank, ExtraData(r.Nonce, r.ReportDigest)); err != nil {
			return nil, err
		}
		if a, err := parseAttest(e.Quote.Attest); err == nil && a.quote != nil && bytes.Equal(a.quote.digest, pcrDigest(e.PCRs)) {
			return e, nil
		}
	}
	return nil, errors.New("the PCRs changed during each of five quotes")
}

// NewNonce is a nonce for one who asks without a verifier. It has the size that GPUs sign,
// 32 bytes, for one nonce may be behind both proofs.
func NewNonce() []byte {
	nonce := make([]byte, MaxNonce/2)
	_, _ = rand.Read(nonce) // never fails
	return nonce
}

// AKName is the name of the key that Collect quotes with: what a quote is bound to before
// it is made. It leaves no key in the TPM.
func AKName(t transport.TPM) ([]byte, error) {
	ak, err := primary(t, akTemplate())
	if err != nil {
		return nil, fmt.Errorf("make the attestation key: %w", err)
	}
	flush(t, ak.ObjectHandle)
	return ak.Name.Buffer, nil
}

func checkRequest(r *Request) error {
	if n := len(r.Nonce); n < MinNonce || n > MaxNonce {
		return fmt.Errorf("the nonce has %d bytes: it must have %d to %d", n, MinNonce, MaxNonce)
	}
	if n := len(r.ReportDigest); n != 0 && n != sha256.Size {
		return fmt.Errorf("the report digest has %d bytes, not %d", n, sha256.Size)
	}
	if len(r.EventLog) > eventlog.MaxBytes {
		return fmt.Errorf("the event log has %d bytes, more than the %d allowed", len(r.EventLog), eventlog.MaxBytes)
	}
	return nil
}

// banks are those that a quote may be over, the preferred first. SHA-1 is none.
var banks = []eventlog.Algorithm{eventlog.SHA256, eventlog.SHA384, eventlog.SHA512}

// bankOf chooses a bank that the TPM keeps for all PCRs that are quoted.
func bankOf(t transport.TPM) (eventlog.Algorithm, error) {
	rsp, err := tpm2.GetCapability{Capability: tpm2.TPMCapPCRs, PropertyCount: 1}.Execute(t)
	if err != nil {
		return 0, fmt.Errorf("ask for the PCR banks: %w", err)
	}
	have, err := rsp.CapabilityData.Data.AssignedPCR()
	if err != nil {
		return 0, fmt.Errorf("ask for the PCR banks: %w", err)
	}
	for _, want := range banks {
		for _, s := range have.PCRSelections {
			if s.Hash == tpm2.TPMIAlgHash(want) && len(s.PCRSelect) >= 2 && s.PCRSelect[0] == 0xff && s.PCRSelect[1] == 0xff {
				return want, nil
			}
		}
	}
	return 0, errors.New("the TPM keeps no SHA-256, SHA-384 or SHA-512 bank: switch one on in the firmware's setup")
}

func selection(bank eventlog.Algorithm, first, n uint) tpm2.TPMLPCRSelection {
	var pcrs []uint
	for i := first; i < first+n; i++ {
		pcrs = append(pcrs, i)
	}
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMIAlgHash(bank), PCRSelect: tpm2.PCClientCompatible.PCRs(pcrs...)}}}
}

func (e *Evidence) quote(t transport.TPM, ak *tpm2.CreatePrimaryResponse, bank eventlog.Algorithm, extra []byte) error {
	rsp, err := tpm2.Quote{
		SignHandle:     tpm2.AuthHandle{Handle: ak.ObjectHandle, Name: ak.Name, Auth: tpm2.PasswordAuth(nil)},
		QualifyingData: tpm2.TPM2BData{Buffer: extra},
		InScheme:       tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
		PCRSelect:      selection(bank, 0, quoted),
	}.Execute(t)
	if err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	e.Quote = Quote{Attest: rsp.Quoted.Bytes(), Signature: tpm2.Marshal(rsp.Signature)}
	e.PCRs = nil
	// A TPM answers with at most eight values at a time (Part 2, TPML_DIGEST).
	for first := uint(0); first < quoted; first += 8 {
		rsp, err := tpm2.PCRRead{PCRSelectionIn: selection(bank, first, 8)}.Execute(t)
		if err != nil {
			return fmt.Errorf("read PCRs: %w", err)
		}
		if len(rsp.PCRValues.Digests) != 8 {
			return fmt.Errorf("read PCRs: %d values of 8", len(rsp.PCRValues.Digests))
		}
		for _, d := range rsp.PCRValues.Digests {
			e.PCRs = append(e.PCRs, hex.EncodeToString(d.Buffer))
		}
	}
	return nil
}

// endorsementKeys reads the certificates and makes their keys anew. A TPM
// without a certificate gives one key, so that it can be enrolled by activation.
func endorsementKeys(t transport.TPM) ([]EK, error) {
	var out []EK
	for _, k := range ekKinds() {
		certificate := trimDER(readNV(t, k.nv))
		if certificate == nil {
			continue
		}
		ek, err := makeEK(t, k, certificate)
		if err != nil {
			return nil, err
		}
		out = append(out, *ek)
	}
	if len(out) > 0 {
		return out, nil
	}
	var errs []error
	for _, name := range []string{"ecc-p256", "rsa-2048"} {
		k, _ := ekKindNamed(name)
		ek, err := makeEK(t, k, nil)
		if err == nil {
			return []EK{*ek}, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func makeEK(t transport.TPM, k ekKind, certificate []byte) (*EK, error) {
	rsp, err := primary(t, k.template)
	if err != nil {
		return nil, fmt.Errorf("make the endorsement key %s: %w", k.name, err)
	}
	defer flush(t, rsp.ObjectHandle)
	return &EK{Kind: k.name, Public: rsp.OutPublic.Bytes(), Certificate: certificate}, nil
}

func primary(t transport.TPM, template tpm2.TPMTPublic) (*tpm2.CreatePrimaryResponse, error) {
	return tpm2.CreatePrimary{PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)}, InPublic: tpm2.New2B(template)}.Execute(t)
}

func flush(t transport.TPM, h tpm2.TPMHandle) {
	// Without a resource manager a key that stays would fill the TPM; there is
	// nothing better to do if even this fails.
	_, _ = tpm2.FlushContext{FlushHandle: h}.Execute(t)
}

// readNV reads a certificate; nil where there is none. The index is read in
// parts, because a TPM bounds each.
func readNV(t transport.TPM, index tpm2.TPMHandle) []byte {
	const part = 512
	public, err := tpm2.NVReadPublic{NVIndex: index}.Execute(t)
	if err != nil {
		return nil
	}
	contents, err := public.NVPublic.Contents()
	if err != nil || int(contents.DataSize) > maxCertificate {
		return nil
	}
	var b []byte
	for len(b) < int(contents.DataSize) {
		rsp, err := tpm2.NVRead{
			AuthHandle: tpm2.AuthHandle{Handle: index, Name: public.NVName, Auth: tpm2.PasswordAuth(nil)},
			NVIndex:    tpm2.NamedHandle{Handle: index, Name: public.NVName},
			Size:       min(part, contents.DataSize-uint16(len(b))), Offset: uint16(len(b)),
		}.Execute(t)
		if err != nil || len(rsp.Data.Buffer) == 0 {
			return nil
		}
		b = append(b, rsp.Data.Buffer...)
	}
	return b
}

// Indices in which a TPM may hold its issuers' certificates, one after the
// other, regardless of where an index ends (EK Credential Profile 2.5, section
// 2.2.1.5.2). Intel's firmware TPMs do; for most makers a file is needed.
const (
	firstIssuerIndex = 0x01c00100
	maxIssuerIndices = 8
)

func issuersInNV(t transport.TPM) [][]byte {
	var stream []byte
	for i := range tpm2.TPMHandle(maxIssuerIndices) {
		part := readNV(t, firstIssuerIndex+i)
		if part == nil {
			break
		}
		stream = append(stream, part...)
	}
	var out [][]byte
	for len(stream) > 0 && len(out) < maxChain {
		one := trimDER(stream)
		if _, err := x509.ParseCertificate(one); err != nil {
			break // padding, or what nobody could use
		}
		out = append(out, one)
		stream = stream[len(one):]
	}
	return out
}

// trimDER cuts the padding that some vendors leave behind a certificate.
func trimDER(b []byte) []byte {
	if len(b) >= 4 && b[0] == 0x30 && b[1] == 0x82 {
		if n := 4 + int(b[2])<<8 + int(b[3]); n <= len(b) {
			return b[:n]
		}
	}
	return b
}
