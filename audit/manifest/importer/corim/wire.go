package corim

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// The parts of CoRIM that state reference values (draft-ietf-rats-corim, section
// 4 and 5; keys in its appendix). What is not listed here is not read.
const (
	tagCoRIMChoice  = 500 // older drafts wrap everything in it
	tagCoRIM        = 501
	tagSignedChoice = 502 // older drafts wrap a signed one in it
	tagCoMID        = 506
	tagSign1        = 18 // COSE_Sign1, RFC 9052
	tagSign         = 98 // COSE_Sign, which OCP SAFE uses
)

// others are what related documents are, by their tag.
var others = map[uint64]string{
	61: " (CWT)", 505: " (CoSWID)", 506: " (CoMID)", 507: " (CoTL)", 508: " (CoTS)", 571: " (concise evidence)",
}

type corimMap struct {
	Tags    []cbor.RawMessage `cbor:"1,keyasint"`
	Profile cbor.RawMessage   `cbor:"3,keyasint"`
}

// tagOID marks an object identifier (RFC 9090), in DER with or without its header.
const tagOID = 111

// safeProfiles are the spellings of OCP SAFE's profile, 1.3.6.1.4.1.42623.1.1: as
// OCP's own tools write it, with another number of the enterprise, and as X.690
// spells it.
var safeProfiles = [...][]byte{
	{0x2b, 6, 1, 4, 1, 0x82, 0xf4, 0x17, 1, 1},
	{0x2b, 6, 1, 4, 1, 0x82, 0xcc, 0x7f, 1, 1},
}

// isSAFE says that a CoRIM is of OCP SAFE's profile: only there are the condition of
// an endorsement and key -1 of a measurement what is read here. Each profile gives
// them a meaning of its own.
func (c corimMap) isSAFE(dec cbor.DecMode) bool {
	raw := c.Profile
	var list []cbor.RawMessage // of older drafts
	if dec.Unmarshal(raw, &list) == nil && len(list) == 1 {
		raw = list[0]
	}
	var t cbor.RawTag
	var oid []byte
	if dec.Unmarshal(raw, &t) != nil || t.Number != tagOID || dec.Unmarshal(t.Content, &oid) != nil {
		return false
	}
	if len(oid) > 2 && oid[0] == 6 && int(oid[1]) == len(oid)-2 {
		oid = oid[2:]
	}
	return slices.ContainsFunc(safeProfiles[:], func(p []byte) bool { return bytes.Equal(p, oid) })
}

type comidMap struct {
	Triples struct {
		Reference   []cbor.RawMessage `cbor:"0,keyasint"`
		Conditional []cbor.RawMessage `cbor:"10,keyasint"` // what an OCP SAFE review is of
	} `cbor:"4,keyasint"`
}

// triple is a reference triple: an environment and what is measured in it.
type triple struct {
	_            struct{} `cbor:",toarray"`
	Environment  environment
	Measurements []measurement
}

// conditional is a conditional endorsement triple: the states that it is for.
type conditional struct {
	_            struct{} `cbor:",toarray"`
	Conditions   []triple
	Endorsements cbor.RawMessage
}

type environment struct {
	Class class `cbor:"0,keyasint"`
	// Instance and Group narrow a triple to some devices of the class.
	Instance cbor.RawMessage `cbor:"1,keyasint"`
	Group    cbor.RawMessage `cbor:"2,keyasint"`
}

type class struct {
	ID     cbor.RawMessage `cbor:"0,keyasint"`
	Vendor string          `cbor:"1,keyasint"`
	Model  string          `cbor:"2,keyasint"`
}

type measurement struct {
	Key    cbor.RawMessage `cbor:"0,keyasint"`
	Values struct {
		Version version         `cbor:"0,keyasint"`
		Digests []digest        `cbor:"2,keyasint"`
		Profile cbor.RawMessage `cbor:"-1,keyasint"` // what the profile says
	} `cbor:"1,keyasint"`
}

// review is what OCP SAFE's profile has at key -1 of a measurement.
type review struct {
	Firmware []struct {
		Version version  `cbor:"0,keyasint"`
		Digests []digest `cbor:"1,keyasint"`
	} `cbor:"4,keyasint"`
}

type version struct {
	Text string `cbor:"0,keyasint"`
}

// digest is an algorithm, by number of the COSE or the named information
// registry or by name, and a value.
type digest struct {
	_         struct{} `cbor:",toarray"`
	Algorithm any
	Value     []byte
}

func (d digest) algorithm() string {
	switch a := d.Algorithm.(type) {
	case int64:
		return numbered(a)
	case uint64:
		return numbered(int64(min(a, 1<<32)))
	case string:
		return a
	}
	return "an algorithm without a name"
}

func numbered(a int64) string {
	switch a {
	case 1, -16:
		return "sha-256"
	case 7, -43:
		return "sha-384"
	case 8, -44:
		return "sha-512"
	}
	return fmt.Sprintf("algorithm %d", a)
}

// decoder bounds what a document may make us do.
func decoder() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 24, MaxArrayElements: 16384, MaxMapPairs: 1024,
		UTF8: cbor.UTF8RejectInvalid,
	}.DecMode()
}

// CBOR major types (RFC 8949, section 3.1).
const (
	majorBytes = 2
	majorArray = 4
	majorMap   = 5
)

func major(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	return int(b[0] >> 5)
}

// unwrap takes the tags off that name the document's type, down to the map of
// an unsigned CoRIM, which older drafts write without a tag, or to a COSE message,
// and says which it is.
func unwrap(dec cbor.DecMode, b []byte) (content []byte, tag uint64, err error) {
	for range 4 {
		if major(b) == majorMap {
			return b, tagCoRIM, nil
		}
		var t cbor.RawTag
		if err := dec.Unmarshal(b, &t); err != nil {
			return nil, 0, fmt.Errorf("%w: %w", importer.ErrMalformed, err)
		}
		switch t.Number {
		case tagCoRIMChoice, tagSignedChoice:
			b = t.Content
		case tagCoRIM:
			return t.Content, t.Number, nil
		case tagSign1, tagSign:
			return bytes.Clone(b), t.Number, nil
		default:
			return nil, 0, fmt.Errorf("%w: tag %d%s is no CoRIM", importer.ErrMalformed, t.Number, others[t.Number])
		}
	}
	return nil, 0, fmt.Errorf("%w: too many tags around it", importer.ErrMalformed)
}

// inner is the number and the content of a tag in a CoRIM: today a tag around
// a byte string, in older drafts a byte string around a tag.
func inner(dec cbor.DecMode, raw []byte) (number uint64, content []byte, err error) {
	if raw, err = unquote(dec, raw); err != nil {
		return 0, nil, err
	}
	var t cbor.RawTag
	if err := dec.Unmarshal(raw, &t); err != nil {
		return 0, nil, fmt.Errorf("tag: %w: %w", importer.ErrMalformed, err)
	}
	content, err = unquote(dec, t.Content)
	return t.Number, content, err
}

// unquote takes a byte string off its content.
func unquote(dec cbor.DecMode, raw []byte) ([]byte, error) {
	if major(raw) != majorBytes {
		return raw, nil
	}
	var b []byte
	if err := dec.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("tag: %w: %w", importer.ErrMalformed, err)
	}
	return b, nil
}
