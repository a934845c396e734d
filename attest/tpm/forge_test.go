package tpm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// forger signs whatever a test wants, as a TPM would not: only so can each
// check be reached behind a signature that verifies.
type forger struct {
	key        *ecdsa.PrivateKey
	attributes tpm2.TPMAObject
	magic      uint32
	kind       uint16
	extra      []byte
	hash       uint16
	bits       []byte
	selections int
	unsafe     bool
	tail       []byte
	log        []byte
}

func newForger(t testing.TB) *forger {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &forger{
		key:        key,
		attributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true, Restricted: true, SignEncrypt: true},
		magic:      0xff544347, kind: 0x8018, extra: tpm.ExtraData(nonce, nil), hash: 0x000b, bits: []byte{0xff, 0xff, 0}, selections: 1, log: bootLog().Bytes(),
	}
}

func (f *forger) public(t testing.TB) []byte {
	t.Helper()
	point, err := f.key.PublicKey.Bytes() // 04 || x || y
	if err != nil {
		t.Fatal(err)
	}
	return tpm2.Marshal(&tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256, ObjectAttributes: f.attributes,
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Scheme:  tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})},
			CurveID: tpm2.TPMECCNistP256,
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{X: tpm2.TPM2BECCParameter{Buffer: point[1:33]}, Y: tpm2.TPM2BECCParameter{Buffer: point[33:]}}),
	})
}

// evidence is a bundle around the forged quote, with the endorsement keys of
// the recorded TPM, and the policy that it would satisfy.
func (f *forger) evidence(t testing.TB) (*tpm.Evidence, tpm.Policy) {
	t.Helper()
	e, p := recorded(t, "good")
	public := f.public(t)
	sum := sha256.Sum256(public)
	name := append([]byte{0, 0x0b}, sum[:]...)
	e.AK = tpm.Key{Public: public, Name: hex.EncodeToString(name)}
	e.ReportDigest, p.ReportDigest, p.Enrolled = "", nil, &tpm.Enrolment{AKName: e.AK.Name}
	e.EventLog, e.PCRs = f.log, nil
	digest := sha256.New()
	l, err := eventlog.Parse(bootLog().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	pcrs, err := l.Replay(eventlog.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pcrs[:16] {
		e.PCRs = append(e.PCRs, hex.EncodeToString(v))
		digest.Write(v)
	}
	e.Quote.Attest = f.attest(name, digest.Sum(nil))
	f.sign(t, e)
	return e, p
}

func (f *forger) attest(name, digest []byte) []byte {
	qualified := sha256.Sum256(append([]byte{0x40, 0, 0, 0x0b}, name...))
	sized := func(b, v []byte) []byte { return append(binary.BigEndian.AppendUint16(b, uint16(len(v))), v...) }
	b := binary.BigEndian.AppendUint32(nil, f.magic)
	b = binary.BigEndian.AppendUint16(b, f.kind)
	b = sized(b, append([]byte{0, 0x0b}, qualified[:]...))
	b = sized(b, f.extra)
	b = append(b, make([]byte, 16)...)
	if f.unsafe {
		b = append(b, 0)
	} else {
		b = append(b, 1)
	}
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(b, uint32(f.selections))
	for range f.selections {
		b = binary.BigEndian.AppendUint16(b, f.hash)
		b = append(append(b, byte(len(f.bits))), f.bits...)
	}
	return append(sized(b, digest), f.tail...)
}

func (f *forger) sign(t testing.TB, e *tpm.Evidence) {
	t.Helper()
	sum := sha256.Sum256(e.Quote.Attest)
	r, s, err := ecdsa.Sign(rand.Reader, f.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	e.Quote.Signature = tpm2.Marshal(&tpm2.TPMTSignature{SigAlg: tpm2.TPMAlgECDSA, Signature: tpm2.NewTPMUSignature(tpm2.TPMAlgECDSA, &tpm2.TPMSSignatureECC{
		Hash: tpm2.TPMAlgSHA256, SignatureR: tpm2.TPM2BECCParameter{Buffer: r.Bytes()}, SignatureS: tpm2.TPM2BECCParameter{Buffer: s.Bytes()},
	})})
}

// rsaSignature is a good signature over the quote by some RSA key.
func rsaSignature(t testing.TB, attest []byte) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(attest)
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, 5, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return tpm2.Marshal(&tpm2.TPMTSignature{SigAlg: tpm2.TPMAlgRSASSA, Signature: tpm2.NewTPMUSignature(tpm2.TPMAlgRSASSA, &tpm2.TPMSSignatureRSA{Hash: tpm2.TPMAlgSHA256, Sig: tpm2.TPM2BPublicKeyRSA{Buffer: sig}})})
}

func TestForgedQuotesAreRefused(t *testing.T) {
	tests := []struct {
		name        string
		forge       func(f *forger)
		check, code string
	}{
		{"other magic", func(f *forger) { f.magic = 0xff544348 }, tpm.CheckQuoteForm, "quote-magic"},
		{"external structure signed as a quote", func(f *forger) { f.magic = 0x41424344 }, tpm.CheckQuoteForm, "quote-magic"},
		{"certification instead of a quote", func(f *forger) { f.kind = 0x8017 }, tpm.CheckQuoteForm, "quote-type"},
		{"bytes behind the quote", func(f *forger) { f.tail = []byte{0} }, tpm.CheckQuoteForm, "quote-malformed"},
		{"2^16 selections", func(f *forger) { f.selections = 1 << 6 }, tpm.CheckQuoteForm, "quote-malformed"},
		{"extraData empty", func(f *forger) { f.extra = nil }, tpm.CheckNonce, "extra-data-empty"},
		{"extraData of another nonce", func(f *forger) { f.extra = tpm.ExtraData(bytes.Repeat([]byte{9}, 32), nil) }, tpm.CheckNonce, "extra-data-mismatch"},
		{"extraData is the bare nonce", func(f *forger) { f.extra = nonce }, tpm.CheckNonce, "extra-data-mismatch"},
		{"no PCRs", func(f *forger) { f.bits = []byte{0, 0, 0} }, tpm.CheckPCRSelection, "pcrs-none"},
		{"no selection", func(f *forger) { f.selections = 0 }, tpm.CheckPCRSelection, "pcrs-none"},
		{"PCR 2 left out", func(f *forger) { f.bits = []byte{0xfb, 0xff, 0} }, tpm.CheckPCRSelection, "pcrs-selection"},
		{"PCR 16 besides", func(f *forger) { f.bits = []byte{0xff, 0xff, 1} }, tpm.CheckPCRSelection, "pcrs-selection"},
		{"PCR 24 besides", func(f *forger) { f.bits = []byte{0xff, 0xff, 0, 1} }, tpm.CheckPCRSelection, "pcrs-selection"},
		{"two selections", func(f *forger) { f.selections = 2 }, tpm.CheckPCRSelection, "pcrs-selection"},
		{"SHA-1 bank", func(f *forger) { f.hash = 0x0004 }, tpm.CheckPCRSelection, "pcrs-weak-bank"},
		{"unknown bank", func(f *forger) { f.hash = 0x9999 }, tpm.CheckPCRSelection, "pcrs-unknown-algorithm"},
		{"another bank than stated", func(f *forger) { f.hash = 0x000c }, tpm.CheckPCRSelection, "pcrs-bank-mismatch"},
		{"AK not restricted", func(f *forger) { f.attributes.Restricted = false }, tpm.CheckAKAttributes, "ak-not-restricted"},
		{"AK that can move", func(f *forger) { f.attributes.FixedTPM = false }, tpm.CheckAKAttributes, "ak-not-fixed"},
		{"AK imported", func(f *forger) { f.attributes.SensitiveDataOrigin = false }, tpm.CheckAKAttributes, "ak-imported"},
		{"AK decrypts", func(f *forger) { f.attributes.Decrypt = true }, tpm.CheckAKAttributes, "ak-decrypts"},
		{"AK does not sign", func(f *forger) { f.attributes.SignEncrypt = false }, tpm.CheckAKAttributes, "ak-not-signing"},
		{"log cut mid-digest", func(f *forger) { f.log = f.log[:32+33+20] }, tpm.CheckLogForm, "log-truncated"},
		{"event for PCR 24", func(f *forger) { f.log[32+33] = 24 }, tpm.CheckLogForm, "log-pcr-index"},
		{"log by an unknown algorithm", func(f *forger) { f.log[32+33+12] = 0x99 }, tpm.CheckLogForm, "log-unknown-algorithm"},
		{"bank absent from the log", func(f *forger) { l := bootLog(); l.Banks[0] = eventlog.SHA1; f.log = l.Bytes() }, tpm.CheckLogReplay, "log-bank-absent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newForger(t)
			tt.forge(f)
			e, p := f.evidence(t)
			refused(t, e, p, tt.check, tt.code)
		})
	}
	e, p := newForger(t).evidence(t)
	if r, err := tpm.Verify(e, p); err != nil || r.Status() != tpm.Pass {
		t.Errorf("what the forger makes is refused for another reason: %v, %+v", err, r)
	}
	f := newForger(t)
	f.unsafe = true
	e, p = f.evidence(t)
	if c := verified(t, e, p).Check(tpm.CheckClock); c.Status != tpm.Unknown || c.Code != "clock-unsafe" {
		t.Errorf("%+v", c)
	}
}
