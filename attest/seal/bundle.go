package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// mediaTypes are those of the bundles that are read: what is written here, its
// older spelling, and version 0.2, which names a chain of certificates. Version
// 0.1 goes without a proof that the log holds the entry.
var mediaTypes = []string{
	mediaType,
	"application/vnd.dev.sigstore.bundle+json;version=0.3",
	"application/vnd.dev.sigstore.bundle+json;version=0.2",
}

// leafOf is the signer's certificate (DER), empty where a key signed.
func leafOf(b *bundle.Bundle) []byte {
	if c := b.GetVerificationMaterial().GetCertificate(); c != nil {
		return c.GetRawBytes()
	}
	if chain := b.GetVerificationMaterial().GetX509CertificateChain().GetCertificates(); len(chain) > 0 {
		return chain[0].GetRawBytes()
	}
	return nil
}

// parse reads a bundle in its one spelling.
func parse(text []byte) (*bundle.Bundle, error) {
	if err := strictjson.Check(text, BundleLimit); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	text, payload, err := cutPayload(text)
	if err != nil {
		return nil, err
	}
	if err := countWitnesses(text); err != nil {
		return nil, err
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	envelope := b.GetDsseEnvelope()
	switch {
	case !slices.Contains(mediaTypes, b.GetMediaType()):
		return nil, fmt.Errorf("%w: media type %.80q: bundles of the versions 0.2 and 0.3 are read", ErrMalformed, b.GetMediaType())
	case b.GetVerificationMaterial().GetPublicKey() == nil && len(leafOf(&b)) == 0:
		return nil, fmt.Errorf("%w: it names neither a key nor a certificate", ErrMalformed)
	case envelope == nil || len(envelope.GetSignatures()) != 1:
		return nil, fmt.Errorf("%w: not a DSSE envelope with one signature", ErrMalformed)
	case envelope.GetPayloadType() != payloadType:
		return nil, fmt.Errorf("%w: %.80q, not %q", ErrPayloadType, envelope.GetPayloadType(), payloadType)
	}
	if !canonical(text, &b) {
		return nil, errSpelling
	}
	if payload != nil {
		envelope.Payload = payload
	}
	return &b, nil
}

var errSpelling = fmt.Errorf("%w: it is not spelt as an encoder spells it", ErrMalformed)

// cutPayload takes the payload of a bundle's envelope, nearly all of its text, out of it and
// decodes it: what reads the rest, several times, does not read the payload. The text is one
// that strictjson has checked. Where the payload is not plain base64 in the one place for it,
// nothing is cut, and the others find what is wrong.
func cutPayload(text []byte) (rest, payload []byte, err error) {
	begin, end := payloadIn(text)
	if begin+len(`""`) >= end || bytes.IndexByte(text[begin:end], '\\') >= 0 {
		return text, nil, nil
	}
	quoted := text[begin+1 : end-1]
	payload = make([]byte, base64.StdEncoding.DecodedLen(len(quoted)))
	// Strict, and without line ends, which a JSON text has as escapes alone: of what it takes
	// there is one spelling.
	n, err := base64.StdEncoding.Strict().Decode(payload, quoted)
	if err != nil {
		return nil, nil, errSpelling
	}
	return slices.Concat(text[:begin+1], text[end-1:]), payload[:n], nil
}

// payloadIn is where the string at dsseEnvelope.payload begins and ends; both are 0 where
// there is none.
func payloadIn(text []byte) (begin, end int) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	for _, name := range [...]string{"dsseEnvelope", "payload"} {
		if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
			return 0, 0
		}
		for {
			t, err := d.ReadToken()
			if err != nil || t.Kind() != '"' {
				return 0, 0
			}
			if t.String() == name {
				break
			}
			if err := d.SkipValue(); err != nil {
				return 0, 0
			}
		}
	}
	if d.PeekKind() != '"' {
		return 0, 0
	}
	v, err := d.ReadValue()
	if err != nil {
		return 0, 0
	}
	end = int(d.InputOffset())
	return end - len(v), end
}

// witnessesLimit is how many log entries, timestamps, certificates and signatures a
// bundle may hold, each kind; bundles that were seen have one or two.
const witnessesLimit = 64

// countWitnesses refuses a bundle with more of them before a library looks at each. The
// text is one that strictjson has checked.
func countWitnesses(text []byte) error {
	type list = []struct{}
	// Protobuf reads both spellings of a name; one of them is refused later.
	var b struct {
		Material struct {
			Entries  list `json:"tlogEntries"`
			Entries2 list `json:"tlog_entries"`
			Chain    struct {
				Certificates list `json:"certificates"`
			} `json:"x509CertificateChain"`
			Chain2 struct {
				Certificates list `json:"certificates"`
			} `json:"x509_certificate_chain"`
			Times struct {
				Stamps  list `json:"rfc3161Timestamps"`
				Stamps2 list `json:"rfc3161_timestamps"`
			} `json:"timestampVerificationData"`
			Times2 struct {
				Stamps  list `json:"rfc3161Timestamps"`
				Stamps2 list `json:"rfc3161_timestamps"`
			} `json:"timestamp_verification_data"`
		} `json:"verificationMaterial"`
		Material2 json.RawMessage `json:"verification_material"`
		Envelope  struct {
			Signatures list `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if err := jsonv2.Unmarshal(text, &b, jsontext.AllowDuplicateNames(true)); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	m := &b.Material
	if b.Material2 != nil {
		return errSpelling
	}
	for _, n := range []int{
		len(m.Entries) + len(m.Entries2), len(m.Chain.Certificates) + len(m.Chain2.Certificates), len(b.Envelope.Signatures),
		len(m.Times.Stamps) + len(m.Times.Stamps2) + len(m.Times2.Stamps) + len(m.Times2.Stamps2),
	} {
		if n > witnessesLimit {
			return fmt.Errorf("%w: %d log entries, timestamps, certificates or signatures, at most %d", ErrMalformed, n, witnessesLimit)
		}
	}
	return nil
}

// canonical says that every value is spelt as encoding the bundle again spells
// it: base64 and protobuf's JSON have several spellings of one value, and a
// signed file should have one. White space, the order of fields and fields that
// are spelt out empty are an encoder's choice.
func canonical(text []byte, b *bundle.Bundle) bool {
	again, err := protojson.Marshal(b.Bundle)
	if err != nil {
		return false
	}
	// Both have no name twice: the one was checked, the other made here.
	var given, want any
	twice := jsontext.AllowDuplicateNames(true)
	if jsonv2.Unmarshal(text, &given, twice) != nil || jsonv2.Unmarshal(again, &want, twice) != nil {
		return false
	}
	return reflect.DeepEqual(withoutEmpty(given), withoutEmpty(want))
}

// withoutEmpty drops members that are "", null, the number 0 as protobuf spells
// it, or an empty list. Its recursion
// is bounded: strictjson has refused deeper documents.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if list, ok := member.([]any); member == nil || member == "" || member == "0" || ok && len(list) == 0 {
				delete(v, name)
				continue
			}
			withoutEmpty(member)
		}
	case []any:
		for _, element := range v {
			withoutEmpty(element)
		}
	}
	return v
}

// Unverified returns the statement of a bundle whose signature nobody has
// checked. It exists to show a file to a person; the name is the warning.
func Unverified(text []byte) (*Statement, error) {
	b, err := parse(text)
	if err != nil {
		return nil, err
	}
	return ParseStatement(b.GetDsseEnvelope().GetPayload())
}
