// Package seal signs statements and verifies them: in-toto statements in DSSE
// envelopes (payload type application/vnd.in-toto+json) in sigstore bundles
// v0.3. It is the only importer of sigstore. Anyone can verify what it signs
// with cosign, and it verifies what cosign signs.
//
// Parsing and verifying are one step: there is no way to the content of a
// bundle but through a [Verifier], whose constructor refuses a policy that
// leaves a question open.
package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Media and payload types.
const (
	payloadType = "application/vnd.in-toto+json"
	mediaType   = "application/vnd.dev.sigstore.bundle.v0.3+json"

	statementV1  = "https://in-toto.io/Statement/v1"
	statementV01 = "https://in-toto.io/Statement/v0.1"
)

// BundleLimit caps a bundle, StatementLimit the statement inside.
const (
	BundleLimit    = 16 << 20
	StatementLimit = 11 << 20
)

// Failures of a verification, each its own.
var (
	// ErrMalformed: the bytes are no bundle, or hold no statement.
	ErrMalformed = errors.New("malformed bundle")
	// ErrPayloadType: the envelope holds something else than a statement.
	ErrPayloadType = errors.New("the payload is no in-toto statement")
	// ErrUnknownKey: no key of the policy made the signature.
	ErrUnknownKey = errors.New("signed by a key that is not trusted")
	// ErrBadSignature: the bundle names a key of the policy, and the signature
	// is not that key's over this content.
	ErrBadSignature = errors.New("the signature is broken")
	// ErrKeyExpired and ErrKeyNotYetValid: the signature is good, the time of
	// the key or identity was over or had not come.
	ErrKeyExpired     = errors.New("the signing key has expired")
	ErrKeyNotYetValid = errors.New("the signing key is not valid yet")
	// ErrPredicateType: a good signature over a statement of another kind.
	ErrPredicateType = errors.New("the statement is of another type")
)

// Statement is an in-toto Statement (v1; v0.1 is read, too).
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// NewStatement makes a v1 statement with a predicate.
func NewStatement(subjects []Subject, predicateType string, predicate any) ([]byte, error) {
	body, err := Encode(predicate)
	if err != nil {
		return nil, fmt.Errorf("encode predicate: %w", err)
	}
	return Encode(Statement{Type: statementV1, Subject: subjects, PredicateType: predicateType, Predicate: body})
}

// Encode is compact JSON as it stands in a statement. Letters such as & are not
// spelt as escapes, so that other tools (jq -cj) spell the same bytes.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseStatement decodes a statement that nobody has signed. What it returns
// proves nothing: it is for those who are about to sign, or who say so.
func ParseStatement(b []byte) (*Statement, error) {
	var s Statement
	if err := strictjson.Unmarshal(b, StatementLimit, &s); err != nil {
		return nil, fmt.Errorf("%w: statement: %w", ErrMalformed, err)
	}
	if s.Type != statementV1 && s.Type != statementV01 {
		return nil, fmt.Errorf("%w: statement: _type is %.80q, not an in-toto statement", ErrMalformed, s.Type)
	}
	if len(s.Subject) == 0 || s.PredicateType == "" || len(s.Predicate) == 0 {
		return nil, fmt.Errorf("%w: statement: subject, predicateType or predicate is missing", ErrMalformed)
	}
	return &s, nil
}

// Sign wraps a statement in a signed bundle. The bundle is compact JSON with
// one spelling, so that any changed byte can be refused.
func Sign(ctx context.Context, statement []byte, signer *Signer) ([]byte, error) {
	return SignWith(statement, signer, sign.BundleOptions{Context: ctx})
}

// SignWith is Sign with the services of sigstore that the options name. They are
// asked over the network: package online alone calls it.
func SignWith(statement []byte, signer *Signer, options sign.BundleOptions) ([]byte, error) {
	if _, err := ParseStatement(statement); err != nil {
		return nil, err
	}
	content := &sign.DSSEData{Data: statement, PayloadType: payloadType}
	signed, err := sign.Bundle(content, keypair{signer}, options)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return encode(signed)
}

// encode spells a bundle.
func encode(b *protobundle.Bundle) ([]byte, error) {
	text, err := protojson.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode bundle: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, fmt.Errorf("encode bundle: %w", err)
	}
	return compact.Bytes(), nil
}
