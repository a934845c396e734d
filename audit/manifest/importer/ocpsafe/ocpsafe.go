// Package ocpsafe makes statements of OCP SAFE short-form reports: a reviewer's
// word on which firmware was reviewed, by digest, as JSON in a JWS or bare
// (github.com/opencomputeproject/OCP-Security-SAFE, "short form report"). Reports
// as CBOR are CoRIM: package corim.
package ocpsafe

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// Format is the name of the format in provenance.
const Format = "ocp-safe"

// Limit caps a report.
const Limit = 1 << 20

// Options say what a report's digests are of and what to verify it with.
type Options struct {
	Kind string // importer.ParseKind
	Keys []importer.Key
}

// algorithms are what the framework allows: ECDSA and RSA-PSS of 384 and 512
// bits. There is neither "none" nor a MAC among them.
var algorithms = []jose.SignatureAlgorithm{jose.ES384, jose.ES512, jose.PS384, jose.PS512}

// report is what is read of a report.
type report struct {
	Device struct {
		Vendor   string `json:"vendor"`
		Product  string `json:"product"`
		Category string `json:"category"`
		Version  string `json:"fw_version"`
		SHA384   string `json:"fw_hash_sha2_384"`
		SHA512   string `json:"fw_hash_sha2_512"`
	} `json:"device"`
	Audit struct {
		Provider string `json:"srp"`
		Scope    any    `json:"scope"`
		Date     string `json:"completion_date"`
		Issues   []struct {
			Score string `json:"cvss_score"`
		} `json:"issues"`
	} `json:"audit"`
}

// Import reads a report.
func Import(document []byte, name string, o Options) (*importer.Result, error) {
	r := importer.New(Format, name, document)
	text, evidence, err := open(bytes.TrimSpace(document), o.Keys)
	if err != nil {
		return nil, err
	}
	var p report
	if err := strictjson.Decode(text, strictjson.Limits{Bytes: Limit, Unknown: true}, &p); err != nil {
		return nil, fmt.Errorf("report: %w: %w", importer.ErrMalformed, err)
	}
	digests, err := p.digests()
	if err != nil {
		return nil, err
	}
	r.Component(o.Kind, p.Device.Product, p.Device.Version, digests)
	r.Leave("reviewed: %s %s, %s", p.Device.Vendor, p.Device.Product, p.Device.Category)
	r.Leave("the review: by %s, of %s, scope %v, open issues: %d", p.Audit.Provider, p.Audit.Date, p.Audit.Scope, len(p.Audit.Issues))
	if len(r.Firmware) == 0 {
		return nil, fmt.Errorf("%w: %s", importer.ErrNothing, strings.Join(r.Provenance.Unmapped, "; "))
	}
	r.SignedBy(evidence)
	return r, nil
}

// digests are those of the report. Reports are published whose SHA-512 has 256
// bits: such a one is a fault of the report, and no digest.
func (p *report) digests() (importer.Digests, error) {
	var d importer.Digests
	for _, field := range []struct{ name, algorithm, value string }{
		{"fw_hash_sha2_384", "sha-384", p.Device.SHA384}, {"fw_hash_sha2_512", "sha-512", p.Device.SHA512},
	} {
		if field.value == "" {
			continue
		}
		value, err := hex.DecodeString(field.value)
		if err != nil {
			return d, fmt.Errorf("%s: %w: %w", field.name, importer.ErrMalformed, err)
		}
		if err := d.Add(field.algorithm, value); err != nil {
			return d, fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return d, nil
}

// errNoKey says that a signature is by none of the keys that were given.
var errNoKey = errors.New("none of the given keys made the signature")

// open takes a JWS apart and verifies it if there are keys. A key or a
// certificate in its header is not looked at.
func open(document []byte, keys []importer.Key) ([]byte, importer.Evidence, error) {
	e := importer.Evidence{Anchored: len(keys) > 0, Detail: "JWS over the report"}
	if bytes.HasPrefix(document, []byte("{")) {
		return document, e, nil
	}
	e.Signed = true
	jws, err := jose.ParseSignedCompact(string(document), algorithms)
	if err != nil {
		return nil, e, fmt.Errorf("JWS: %w: %w", importer.ErrMalformed, err)
	}
	e.Err = errNoKey
	for _, k := range keys {
		if !fits(jose.SignatureAlgorithm(jws.Signatures[0].Protected.Algorithm), k.Public) {
			continue
		}
		if payload, err := jws.Verify(k.Public); err == nil {
			e.Err, e.Signer = nil, k.Name
			return payload, e, nil
		}
	}
	if !e.Anchored {
		e.Err = nil // nobody was asked for
	}
	return jws.UnsafePayloadWithoutVerification(), e, nil
}

// fits says whether a key may be used with an algorithm.
func fits(a jose.SignatureAlgorithm, key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return map[int]jose.SignatureAlgorithm{384: jose.ES384, 521: jose.ES512}[k.Curve.Params().BitSize] == a && a != ""
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048 && (a == jose.PS384 || a == jose.PS512)
	}
	return false
}
