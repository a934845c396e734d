package rimtest

import (
	"bytes"
	"crypto/rand"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// CoMID is one part of a manifest in CBOR: its triples, as they are encoded.
type CoMID map[int]any

// Content is a manifest in CBOR that is not signed: its id and parts, and what else the
// outermost map holds.
func Content(id string, more map[int]any, parts ...CoMID) ([]byte, error) {
	var tags []any
	for _, p := range parts {
		inner, err := cbor.Marshal(map[int]any{1: map[int]any{0: id}, 4: p})
		if err != nil {
			return nil, err
		}
		tags = append(tags, cbor.Tag{Number: 506, Content: inner})
	}
	top := map[int]any{0: id, 1: tags}
	for k, v := range more {
		top[k] = v
	}
	return cbor.Marshal(cbor.Tag{Number: 501, Content: top})
}

// SignCBOR signs a content as COSE_Sign1, with the chain in the unprotected header. Edit
// changes the message before it is signed; nil for the right way.
func (s *Signer) SignCBOR(content []byte, edit func(*cose.Sign1Message)) ([]byte, error) {
	m := cose.NewSign1Message()
	m.Payload = content
	m.Headers.Protected[cose.HeaderLabelAlgorithm] = cose.AlgorithmES384
	m.Headers.Protected[cose.HeaderLabelContentType] = "application/rim+cbor"
	chain := []any{}
	for _, c := range s.Chain {
		chain = append(chain, bytes.Clone(c.Raw))
	}
	m.Headers.Unprotected[cose.HeaderLabelX5Chain] = chain
	if edit != nil {
		edit(m)
	}
	signer, err := cose.NewSigner(cose.AlgorithmES384, s.Key)
	if err != nil {
		return nil, err
	}
	if err := m.Sign(rand.Reader, nil, signer); err != nil {
		return nil, err
	}
	return m.MarshalCBOR()
}
