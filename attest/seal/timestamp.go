package seal

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// TimestampLimit caps a timestamp response.
const TimestampLimit = 64 << 10

// TimestampRequest is the request (RFC 3161, section 2.4.1) for a timestamp on
// the signature of a bundle. It asks for the authority's certificate.
func TimestampRequest(text []byte) ([]byte, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
	return (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true}).Marshal()
}

// AttachTimestamp puts an authority's response (RFC 3161, section 2.4.2) into
// the bundle that it is about. Whether the authority is to be believed is for
// who verifies the bundle.
func AttachTimestamp(text, response []byte) ([]byte, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	token, err := tokenFor(response, b.GetDsseEnvelope().GetSignatures()[0].GetSig())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	material := b.GetVerificationMaterial()
	if material.TimestampVerificationData == nil {
		material.TimestampVerificationData = &protobundle.TimestampVerificationData{}
	}
	data := material.TimestampVerificationData
	data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: token})
	return encode(b.Bundle)
}

// tokenFor is the response again, without the words for people that nobody
// signed, if it is about a signature.
func tokenFor(response, signature []byte) ([]byte, error) {
	if len(response) > TimestampLimit {
		return nil, fmt.Errorf("the response is larger than %d bytes", TimestampLimit)
	}
	stamp, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, responseFault(err)
	}
	switch stamp.HashAlgorithm {
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
	default:
		return nil, fmt.Errorf("it digests with %s: ask for SHA-256", stamp.HashAlgorithm)
	}
	h := stamp.HashAlgorithm.New()
	h.Write(signature)
	if !bytes.Equal(h.Sum(nil), stamp.HashedMessage) {
		return nil, errors.New("it is about something else than this signature")
	}
	var out cryptobyte.Builder
	out.AddASN1(asn1.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(asn1.SEQUENCE, func(out *cryptobyte.Builder) { out.AddASN1Int64(0) })
		out.AddBytes(stamp.RawToken)
	})
	token, err := out.Bytes()
	if err != nil {
		return nil, err
	}
	_, err = strictToken(token)
	return token, err
}

// responseFault is why a response is none. What the decoder says of a file of another
// kind helps nobody.
func responseFault(err error) error {
	_, structure := errors.AsType[encasn1.StructuralError](err)
	_, syntax := errors.AsType[encasn1.SyntaxError](err)
	if structure || syntax {
		return errors.New("it is no response of a timestamping authority (RFC 3161)")
	}
	return err
}

// errUnsigned is what a timestamp may not hold: anybody could change it.
var errUnsigned = errors.New("it holds what nobody has signed")

// strictTimestamp refuses a timestamp with parts that neither the authority nor
// the issuers of its certificates signed.
func strictTimestamp(der []byte, authorities []root.TimestampingAuthority) error {
	embedded, err := strictToken(der)
	if err != nil {
		return err
	}
	var known []*x509.Certificate
	for _, a := range authorities {
		if tsa, ok := a.(*root.SigstoreTimestampingAuthority); ok {
			known = append(known, tsa.Root)
			known = append(known, tsa.Intermediates...)
			if tsa.Leaf != nil {
				known = append(known, tsa.Leaf)
			}
		}
	}
	for grown := true; grown; {
		grown = false
		embedded = slices.DeleteFunc(embedded, func(c *x509.Certificate) bool {
			good := slices.ContainsFunc(known, func(k *x509.Certificate) bool { return c.Equal(k) || c.CheckSignatureFrom(k) == nil })
			if good {
				known, grown = append(known, c), true
			}
			return good
		})
	}
	if len(embedded) > 0 {
		return fmt.Errorf("%w: no trusted authority issued its certificate for %.100q", errUnsigned, embedded[0].Subject)
	}
	return nil
}

// strictToken walks the outer parts of a response (RFC 3161, section 2.4.2) and
// of the signed data inside (RFC 5652, section 5.1), which no signature covers:
// they must have one spelling and nothing that is optional. It returns the
// certificates.
func strictToken(der []byte) ([]*x509.Certificate, error) {
	if len(der) > TimestampLimit {
		return nil, fmt.Errorf("larger than %d bytes", TimestampLimit)
	}
	malformed := fmt.Errorf("%w, or is malformed", errUnsigned)
	input := cryptobyte.String(der)
	var response, status, info, explicit, data cryptobyte.String
	var granted int64
	var kind encasn1.ObjectIdentifier
	if !input.ReadASN1(&response, asn1.SEQUENCE) || !input.Empty() ||
		!response.ReadASN1(&status, asn1.SEQUENCE) || !status.ReadASN1Integer(&granted) || !status.Empty() || granted != 0 ||
		!response.ReadASN1(&info, asn1.SEQUENCE) || !response.Empty() ||
		!info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(signedData) ||
		!info.ReadASN1(&explicit, asn1.Tag(0).ContextSpecific().Constructed()) || !info.Empty() ||
		!explicit.ReadASN1(&data, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, malformed
	}
	var version int64
	var digests, content, bag, signers, signer cryptobyte.String
	var bagged bool
	if !data.ReadASN1Integer(&version) || version != 3 ||
		!data.ReadASN1(&digests, asn1.SET) || !data.ReadASN1(&content, asn1.SEQUENCE) ||
		!data.ReadOptionalASN1(&bag, &bagged, asn1.Tag(0).ContextSpecific().Constructed()) ||
		!data.ReadASN1(&signers, asn1.SET) || !data.Empty() ||
		!signers.ReadASN1(&signer, asn1.SEQUENCE) || !signers.Empty() {
		return nil, malformed
	}
	if !strictContent(content) || !strictSigner(signer, digests) {
		return nil, malformed
	}
	list, err := x509.ParseCertificates(bag)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return list, nil
}

var (
	signedData = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	tstInfo    = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// strictContent: the content's type and one octet string, whose digest is signed.
func strictContent(content cryptobyte.String) bool {
	var kind encasn1.ObjectIdentifier
	var explicit, octets cryptobyte.String
	return content.ReadASN1ObjectIdentifier(&kind) && kind.Equal(tstInfo) &&
		content.ReadASN1(&explicit, asn1.Tag(0).ContextSpecific().Constructed()) && content.Empty() &&
		explicit.ReadASN1(&octets, asn1.OCTET_STRING) && explicit.Empty()
}

// strictSigner: RFC 5652, section 5.3, without unsigned attributes; the digest
// algorithms that are announced are the signer's.
func strictSigner(signer, digests cryptobyte.String) bool {
	var version int64
	var sid, algorithm, parameters, attributes, signature, octets cryptobyte.String
	var tag asn1.Tag
	if !signer.ReadASN1Integer(&version) || !signer.ReadAnyASN1Element(&sid, &tag) ||
		!(version == 1 && tag == asn1.SEQUENCE || version == 3 && tag == asn1.Tag(0).ContextSpecific()) ||
		!signer.ReadASN1Element(&algorithm, asn1.SEQUENCE) ||
		!signer.ReadASN1Element(&attributes, asn1.Tag(0).ContextSpecific().Constructed()) ||
		!signer.ReadASN1Element(&signature, asn1.SEQUENCE) || !signer.ReadASN1(&octets, asn1.OCTET_STRING) || !signer.Empty() {
		return false
	}
	if !bytes.Equal(algorithm, digests) || !strictAttributes(attributes) {
		return false
	}
	return plainAlgorithm(algorithm, &parameters) && plainAlgorithm(signature, &parameters)
}

// strictAttributes: each attribute is a type and a set of values, and nothing
// behind them. The library spells attributes again before it verifies what signs
// them, and would pass over the rest.
func strictAttributes(attributes cryptobyte.String) bool {
	var list, attribute, values cryptobyte.String
	var kind encasn1.ObjectIdentifier
	if !attributes.ReadASN1(&list, asn1.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	for !list.Empty() {
		if !list.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&kind) ||
			!attribute.ReadASN1Element(&values, asn1.SET) || !attribute.Empty() || !strictDER(values, 0) {
			return false
		}
	}
	return true
}

// strictDER: every element holds whole elements and nothing else.
func strictDER(s cryptobyte.String, depth int) bool {
	const maxDepth, constructed = 16, 0x20
	for !s.Empty() {
		var content cryptobyte.String
		var tag asn1.Tag
		if depth > maxDepth || !s.ReadAnyASN1(&content, &tag) || tag&constructed != 0 && !strictDER(content, depth+1) {
			return false
		}
	}
	return true
}

// plainAlgorithm: an algorithm without parameters, or with NULL.
func plainAlgorithm(element cryptobyte.String, parameters *cryptobyte.String) bool {
	var sequence cryptobyte.String
	var id encasn1.ObjectIdentifier
	if !element.ReadASN1(&sequence, asn1.SEQUENCE) || !sequence.ReadASN1ObjectIdentifier(&id) {
		return false
	}
	return sequence.Empty() || sequence.ReadASN1(parameters, asn1.NULL) && parameters.Empty() && sequence.Empty()
}
