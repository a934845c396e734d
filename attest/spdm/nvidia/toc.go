package nvidia

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"net/url"
	"path"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/comid"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// Numbers of the table of contents that newer devices put beside their measurements
// (TCG, "DICE Concise Evidence Binding for SPDM": spdm-toc), and of its members.
const (
	tagTOC      = 570
	tagEvidence = 571
	tagURI      = 32
	tagUUID     = 37
	tagOID      = 111
	tocEvidence = 0
	tocLocators = 1
	locatorURI  = 0

	evidenceTriples = 0
	evidenceID      = 1
	memberProfile   = 2 // of the table and of concise evidence

	// structuredManifest is the type of a block that holds one (DSP0274,
	// DMTFSpecMeasurementValueType).
	structuredManifest = 0x0a
	maxLocators        = 64
)

// CheckTOC is the check of the table of contents; it is there where a report has one.
const CheckTOC = "measurement-manifest"

// errOther says that a manifest has a form that is not read here.
var errOther = errors.New("a manifest of another form")

// tocOf opens the table of contents in a block.
func tocOf(b *spdm.Block) (map[int]cbor.RawMessage, error) {
	var top cbor.RawTag
	if !b.Raw || b.Type != structuredManifest || comid.Decoding.Unmarshal(b.Value, &top) != nil || top.Number != tagTOC {
		return nil, errOther
	}
	var toc map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(top.Content, &toc); err != nil {
		return nil, err
	}
	return toc, profileForm(toc[memberProfile])
}

// profileForm refuses a profile that is neither an address nor an object identifier: passed
// over, it would be as if there were none.
func profileForm(b cbor.RawMessage) error {
	if b == nil {
		return nil
	}
	var tag cbor.RawTag
	var uri string
	var oid []byte
	err := comid.Decoding.Unmarshal(b, &tag)
	switch {
	case err == nil && tag.Number == tagURI:
		err = comid.Decoding.Unmarshal(tag.Content, &uri)
	case err == nil && tag.Number == tagOID:
		err = comid.Decoding.Unmarshal(tag.Content, &oid)
	default:
		return errors.New("a profile is neither an address nor an object identifier")
	}
	return err
}

// idForm refuses an id of evidence that is no UUID.
func idForm(b cbor.RawMessage) error {
	if b == nil {
		return nil
	}
	var tag cbor.RawTag
	var uuid []byte
	if comid.Decoding.Unmarshal(b, &tag) != nil || tag.Number != tagUUID || comid.Decoding.Unmarshal(tag.Content, &uuid) != nil || len(uuid) != 16 {
		return errors.New("an id of evidence is no UUID")
	}
	return nil
}

// locators reads where a device says that its reference manifests are: addresses, of
// which the last part is the manifest's id.
func locators(toc map[int]cbor.RawMessage) ([]string, error) {
	if toc[tocLocators] == nil {
		return nil, nil
	}
	var list []map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(toc[tocLocators], &list); err != nil || len(list) == 0 {
		return nil, errors.New("the locators of manifests are no list of maps")
	}
	if len(list) > maxLocators {
		return nil, fmt.Errorf("%d locators, more than %d", len(list), maxLocators)
	}
	var out []string
	for _, l := range list {
		uris, err := urisOf(l[locatorURI])
		if err != nil {
			return nil, err
		}
		if out = append(out, uris...); len(out) > maxLocators {
			return nil, fmt.Errorf("more than %d addresses of manifests", maxLocators)
		}
	}
	return out, nil
}

// components reads what a device says of its parts, with the values of the blocks that it
// refers to.
func components(toc map[int]cbor.RawMessage, m *spdm.Measured) ([]comid.Triple, error) {
	if toc[tocEvidence] == nil {
		return nil, nil
	}
	var list []cbor.RawTag
	if err := comid.Decoding.Unmarshal(toc[tocEvidence], &list); err != nil {
		return nil, errors.New("the evidence is no list of parts")
	}
	var out []comid.Triple
	for _, tag := range list {
		parts, err := conciseEvidence(tag)
		if err != nil {
			return nil, err
		}
		out = append(out, parts...)
	}
	return out, resolve(out, m)
}

// conciseEvidence reads what one part of the table says.
func conciseEvidence(tag cbor.RawTag) ([]comid.Triple, error) {
	if tag.Number != tagEvidence {
		return nil, fmt.Errorf("a part with the tag %d", tag.Number)
	}
	var evidence, triples map[int]cbor.RawMessage
	if err := comid.Decoding.Unmarshal(tag.Content, &evidence); err != nil {
		return nil, err
	}
	if err := errors.Join(idForm(evidence[evidenceID]), profileForm(evidence[memberProfile])); err != nil {
		return nil, err
	}
	if err := comid.Decoding.Unmarshal(evidence[evidenceTriples], &triples); err != nil {
		return nil, err
	}
	if len(triples) == 0 {
		return nil, errors.New("concise evidence that states nothing")
	}
	if triples[0] == nil { // of another kind, such as identities, which nothing here compares
		return nil, nil
	}
	return comid.Evidence(triples[0])
}

// svnBlock is the type of a block that holds a security version (DSP0274).
const svnBlock = 7

// resolve puts the values of blocks in the place of their indices. NVIDIA's devices use
// SHA-384 for those that are digests.
func resolve(list []comid.Triple, m *spdm.Measured) error {
	for i := range list {
		for j := range list[i].Measurements {
			err := list[i].Measurements[j].Resolve(func(index int) (value []byte, raw, svn, ok bool) {
				b := m.Block(index)
				if b == nil || !b.Raw && len(b.Value) != sha512.Size384 {
					return nil, false, false, false
				}
				return b.Value, b.Raw, b.Type == svnBlock, true
			})
			if err != nil {
				return fmt.Errorf("%s: %w", list[i].Environment.String(), err)
			}
		}
	}
	return nil
}

// urisOf are the addresses of one locator: one, or a list of places where the same
// manifest lies (draft-ietf-rats-corim, corim-locator-map).
func urisOf(b cbor.RawMessage) ([]string, error) {
	var tags []cbor.RawTag
	if comid.Decoding.Unmarshal(b, &tags) != nil {
		tags = make([]cbor.RawTag, 1)
		if comid.Decoding.Unmarshal(b, &tags[0]) != nil {
			return nil, errors.New("a locator is no address")
		}
	}
	if len(tags) == 0 {
		return nil, errors.New("a locator without an address")
	}
	var out []string
	for _, tag := range tags {
		var uri string
		if tag.Number != tagURI || comid.Decoding.Unmarshal(tag.Content, &uri) != nil {
			return nil, errors.New("a locator is no address")
		}
		out = append(out, uri)
	}
	return out, nil
}

// ManifestID is the id of a manifest that a locator names, "" for none.
func ManifestID(locator string) string {
	u, err := url.Parse(locator)
	if err != nil {
		return ""
	}
	id := path.Base(u.Path)
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-' && c != '.' {
			return ""
		}
	}
	if id == "." || id == ".." || len(id) > 128 {
		return ""
	}
	return id
}

// contents reads the table of contents, where the report has one, and what certificates
// state of parts.
func (r *Result) contents() {
	certified, debug, certificates := certifiedParts(r.Path)
	if r.Device != nil {
		r.Device.CertifiedDebug = debug
	}
	block := r.Measured.Block(spdm.ManifestIndex)
	if block == nil {
		return
	}
	c := check.Check{Name: CheckTOC, Status: check.Pass}
	toc, err := tocOf(block)
	var list []string
	var parts []comid.Triple
	if err == nil {
		list, err = locators(toc)
	}
	if err == nil {
		parts, err = components(toc, r.Measured)
	}
	if err == nil {
		parts, err = append(parts, certified...), certificates
	}
	switch {
	case errors.Is(err, errOther), errors.Is(err, comid.ErrUnsupported):
		c.Status, c.Code, c.Detail, c.Offset = check.Unknown, "unsupported", err.Error(), &block.Offset
	case err != nil:
		c.Status, c.Code, c.Detail, c.Offset = check.Fail, "malformed", err.Error(), &block.Offset
	case r.Device != nil:
		r.Device.Locators, r.Device.Components = list, parts
	}
	r.add(c)
}
