package rim

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/comid"
)

// Tags of a manifest in CBOR (draft-ietf-rats-corim, "CBOR Tags").
const (
	tagEpoch = 1 // RFC 8949, section 3.4.2
	tagURI   = 32
	tagCoRIM = 501
	tagCoMID = 506
)

// signedCoRIM begins a COSE_Sign1 (RFC 9052), bareCoRIM one that nobody signed.
var signedCoRIM, bareCoRIM = []byte{0xd2}, []byte{0xd9, 0x01, 0xf5}

// IsCoRIM says whether a file that begins so is a manifest in CBOR, signed or not.
func IsCoRIM(head []byte) bool {
	return bytes.HasPrefix(head, signedCoRIM) || bytes.HasPrefix(head, bareCoRIM)
}

// CoRIM is what a maker signed in CBOR.
type CoRIM struct {
	ID           string             `json:"id"`
	References   []comid.Triple     `json:"-"`
	Dependencies []comid.Dependency `json:"-"`

	begin, end *time.Time
}

// VerifyFile judges a manifest of either form: in CBOR where it begins so, else in XML.
func VerifyFile(b []byte, p Policy) (*Result, error) {
	if IsCoRIM(b) {
		return VerifyCoRIM(b, p)
	}
	return Verify(b, p)
}

// VerifyCoRIM judges a manifest in CBOR as [Verify] does one in XML. Its result has no
// check of a digest: the signature covers the content itself.
func VerifyCoRIM(b []byte, p Policy) (*Result, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	r := &Result{SHA256: hex.EncodeToString(sum[:])}
	if m, chain, err := parseCOSE(b); err != nil {
		r.fault(CheckForm, err)
	} else {
		r.pass(CheckForm)
		r.verifyCoRIM(m, chain, p)
	}
	for _, name := range checks {
		if name != CheckDigest && r.Checks.Find(name) == nil {
			r.Checks = append(r.Checks, check.Check{Name: name, Status: check.Unknown, Code: check.NotReached})
		}
	}
	return r, nil
}

func (r *Result) verifyCoRIM(m *cose.Sign1Message, chain []*x509.Certificate, p Policy) {
	if !r.step(CheckSignature, verifyCOSE(m, chain[0])) || !r.chain(chain, p) {
		return
	}
	c, err := readCoRIM(m.Payload)
	if !r.step(CheckContent, err) {
		return
	}
	r.CoRIM = c
	if v := r.Checks.Find(CheckValidity); v.Status == check.Pass {
		c.validity(v, p)
	}
}

// validity adds what the manifest itself says to what its signer's certificates say.
func (c *CoRIM) validity(v *check.Check, p Policy) {
	switch {
	case c.begin != nil && p.Now.Before(*c.begin):
		v.Status, v.Code, v.Detail = check.Unknown, "not-yet-valid", "the manifest begins at "+c.begin.UTC().Format(time.RFC3339)
	case c.end != nil && p.Now.After(*c.end) && !p.UnsafeAcceptExpired:
		v.Status, v.Code, v.Detail = check.Unknown, "expired", "the manifest ended "+c.end.UTC().Format(time.RFC3339)
	}
}

// parseCOSE reads the envelope and the chain in it.
func parseCOSE(b []byte) (*cose.Sign1Message, []*x509.Certificate, error) {
	switch {
	case len(b) > MaxBytes:
		return nil, nil, &FormatError{Code: "too-large", Offset: MaxBytes, Detail: fmt.Sprintf("larger than %d bytes", MaxBytes)}
	case bytes.HasPrefix(b, bareCoRIM):
		return nil, nil, wrong("not-signed", "the manifest has no signature")
	case !bytes.HasPrefix(b, signedCoRIM):
		return nil, nil, wrong("not-corim", "the document is no COSE_Sign1")
	}
	m := &cose.Sign1Message{}
	if err := m.UnmarshalCBOR(b); err != nil {
		return nil, nil, wrong("not-cbor", "%v", err)
	}
	chain, err := x5chain(m)
	return m, chain, err
}

// x5chain is the signer's certificates (RFC 9360), from one of the two headers.
func x5chain(m *cose.Sign1Message) ([]*x509.Certificate, error) {
	protected, in := m.Headers.Protected[cose.HeaderLabelX5Chain]
	other, also := m.Headers.Unprotected[cose.HeaderLabelX5Chain]
	if in && also {
		return nil, wrong("key-info", "both headers hold a chain")
	}
	value := protected
	if also {
		value = other
	}
	var ders []any
	switch v := value.(type) {
	case []byte:
		ders = []any{v}
	case []any:
		ders = v
	}
	if len(ders) == 0 || len(ders) > maxChain {
		return nil, wrong("key-info", "%d certificates, want 1 to %d", len(ders), maxChain)
	}
	var chain []*x509.Certificate
	for i, d := range ders {
		der, ok := d.([]byte)
		if !ok {
			return nil, wrong("certificate", "certificate %d is no byte string", i+1)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, wrong("certificate", "certificate %d: %v", i+1, err)
		}
		chain = append(chain, c)
	}
	return chain, nil
}

func verifyCOSE(m *cose.Sign1Message, leaf *x509.Certificate) error {
	algorithm, err := m.Headers.Protected.Algorithm()
	if err != nil {
		return wrong("signature-form", "the signed header names no algorithm: %v", err)
	}
	switch algorithm {
	case cose.AlgorithmES256, cose.AlgorithmES384, cose.AlgorithmES512:
	default:
		return wrong(codeUnsupported, "signature algorithm %v is not supported", algorithm)
	}
	v, err := cose.NewVerifier(algorithm, leaf.PublicKey)
	if err != nil {
		return wrong("key-type", "the signer's key is not of the kind that its signature states")
	}
	if m.Verify(nil, v) != nil {
		return wrong("signature", "the signature is not that of the signer's key")
	}
	return nil
}

// Keys of corim-map and concise-mid-tag.
const (
	corimID       = 0
	corimTags     = 1
	corimProfile  = 3
	corimValidity = 4
	corimEntities = 5

	comidTriples      = 4
	triplesReferences = 0
	triplesDependent  = 4
)

// maxCoMIDs caps the parts of a manifest. NVIDIA's verifier refuses one of 26
// (reject_too_many_tags of its attestation-sdk).
const maxCoMIDs = 25

// readCoRIM reads what was signed. A part that would be passed over is refused.
func readCoRIM(payload []byte) (*CoRIM, error) {
	var tag cbor.RawTag
	if err := comid.Decoding.Unmarshal(payload, &tag); err != nil || tag.Number != tagCoRIM {
		return nil, wrong("not-corim", "the signed content is no CoRIM")
	}
	var top map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(tag.Content, &top); err != nil {
		return nil, wrong("malformed", "%v", err)
	}
	c := &CoRIM{}
	if err := comid.Decoding.Unmarshal(top[corimID], &c.ID); err != nil {
		return nil, wrong(codeUnsupported, "a manifest whose id is no text")
	}
	for key, value := range top {
		switch key {
		case corimID, corimTags, corimEntities:
		case corimProfile:
			if err := knownProfile(value); err != nil {
				return nil, err
			}
		case corimValidity:
			if err := c.readValidity(value); err != nil {
				return nil, wrong("malformed", "validity: %v", err)
			}
		default:
			return nil, wrong(codeUnsupported, "a manifest with the key %d is not supported", key)
		}
	}
	var tags []cbor.RawMessage
	switch err := comid.Decoding.Unmarshal(top[corimTags], &tags); {
	case err != nil || len(tags) == 0:
		return nil, wrong("missing-element", "the manifest holds no reference values")
	case len(tags) > maxCoMIDs:
		return nil, wrong(codeUnsupported, "a manifest of %d parts, more than %d, is not supported", len(tags), maxCoMIDs)
	}
	for i, t := range tags {
		if err := c.readCoMID(t); err != nil {
			code := "malformed"
			if errors.Is(err, comid.ErrUnsupported) {
				code = codeUnsupported
			}
			return nil, wrong(code, "part %d: %v", i+1, err)
		}
	}
	if len(c.References) == 0 {
		return nil, wrong("missing-element", "the manifest holds no reference values")
	}
	return c, nil
}

// knownProfile says whether a profile is one of NVIDIA's: another may give the same
// values another meaning.
func knownProfile(b cbor.RawMessage) error {
	var tag cbor.RawTag
	var uri string
	if comid.Decoding.Unmarshal(b, &tag) != nil || tag.Number != tagURI || comid.Decoding.Unmarshal(tag.Content, &uri) != nil || !strings.HasPrefix(uri, "tag:nvidia.com,") {
		return wrong(codeUnsupported, "a profile that is not NVIDIA's is not supported")
	}
	return nil
}

func (c *CoRIM) readValidity(b cbor.RawMessage) error {
	var v map[int]cbor.RawTag
	if err := comid.Decoding.Unmarshal(b, &v); err != nil {
		return err
	}
	var err error
	if t, ok := v[0]; ok {
		if c.begin, err = seconds(t); err != nil {
			return err
		}
	}
	t, ok := v[1]
	if !ok {
		return errors.New("it does not say when it ends")
	}
	c.end, err = seconds(t)
	return err
}

// seconds reads a time in whole seconds. A fraction is refused, as NVIDIA's verifier does:
// two readers could round it differently.
func seconds(t cbor.RawTag) (*time.Time, error) {
	var n int64
	if t.Number != tagEpoch || comid.Decoding.Unmarshal(t.Content, &n) != nil {
		return nil, errors.New("a time is not in whole seconds")
	}
	return new(time.Unix(n, 0)), nil
}

// kindNames are triples that are not read (draft-ietf-rats-corim, triples-map).
var kindNames = map[int]string{1: " (endorsed)", 2: " (identity)", 3: " (attest-key)", 5: " (membership)", 6: " (coswid)", 8: " (conditional-endorsement-series)", 10: " (conditional-endorsement)"}

func (c *CoRIM) readCoMID(b cbor.RawMessage) error {
	var tag cbor.RawTag
	if err := comid.Decoding.Unmarshal(b, &tag); err != nil || tag.Number != tagCoMID {
		return fmt.Errorf("%w: a part that is no CoMID", comid.ErrUnsupported)
	}
	var inner []byte
	if err := comid.Decoding.Unmarshal(tag.Content, &inner); err != nil {
		return err
	}
	var m map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(inner, &m); err != nil {
		return err
	}
	if m[3] != nil { // linked-tags: it is replaced, or adds to another
		return fmt.Errorf("%w: a CoMID that is linked to another", comid.ErrUnsupported)
	}
	var triples map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(m[comidTriples], &triples); err != nil {
		return err
	}
	for kind, value := range triples {
		switch kind {
		case triplesReferences:
			list, err := comid.References(value)
			if err != nil {
				return err
			}
			c.References = append(c.References, list...)
		case triplesDependent:
			list, err := comid.Dependencies(value)
			if err != nil {
				return err
			}
			c.Dependencies = append(c.Dependencies, list...)
		default:
			return fmt.Errorf("%w: triples of the kind %d%s", comid.ErrUnsupported, kind, kindNames[kind])
		}
	}
	return nil
}
