package nvidia

import (
	"errors"
	"fmt"
	"net/url"
	"path"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// Numbers of the table of contents that newer devices put beside their measurements
// (TCG, "DICE Concise Evidence Binding for SPDM": spdm-toc), and of its members.
const (
	tagTOC      = 570
	tagURI      = 32
	tocLocators = 1
	locatorURI  = 0

	// structuredManifest is the type of a block that holds one (DSP0274,
	// DMTFSpecMeasurementValueType).
	structuredManifest = 0x0a
	maxLocators        = 64
)

// CheckTOC is the check of the table of contents; it is there where a report has one.
const CheckTOC = "measurement-manifest"

// decoding bounds what a device wrote.
var decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, MaxNestedLevels: 16, MaxArrayElements: 4096, MaxMapPairs: 1024}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
}()

// errOther says that a manifest has a form that is not read here.
var errOther = errors.New("a manifest of another form")

// locators reads where a device says that its reference manifests are: addresses, of
// which the last part is the manifest's id.
func locators(b *spdm.Block) ([]string, error) {
	var top cbor.RawTag
	if !b.Raw || b.Type != structuredManifest || decoding.Unmarshal(b.Value, &top) != nil || top.Number != tagTOC {
		return nil, errOther
	}
	var toc map[int]cbor.RawMessage
	if err := decoding.Unmarshal(top.Content, &toc); err != nil {
		return nil, err
	}
	if toc[tocLocators] == nil {
		return nil, nil
	}
	var list []map[int]cbor.RawMessage
	if err := decoding.Unmarshal(toc[tocLocators], &list); err != nil {
		return nil, err
	}
	if len(list) > maxLocators {
		return nil, fmt.Errorf("%d locators, more than %d", len(list), maxLocators)
	}
	var out []string
	for _, l := range list {
		uri, err := uriOf(l[locatorURI])
		if err != nil {
			return nil, err
		}
		out = append(out, uri)
	}
	return out, nil
}

// uriOf is one address.
func uriOf(b cbor.RawMessage) (string, error) {
	var tag cbor.RawTag
	var uri string
	if err := decoding.Unmarshal(b, &tag); err != nil || tag.Number != tagURI {
		return "", errors.New("a locator is no address")
	}
	return uri, decoding.Unmarshal(tag.Content, &uri)
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

// contents reads the table of contents, where the report has one.
func (r *Result) contents() {
	block := r.Measured.Block(spdm.ManifestIndex)
	if block == nil {
		return
	}
	list, err := locators(block)
	c := check.Check{Name: CheckTOC, Status: check.Pass}
	switch {
	case errors.Is(err, errOther):
		c.Status, c.Code, c.Detail, c.Offset = check.Unknown, "unsupported", err.Error(), &block.Offset
	case err != nil:
		c.Status, c.Code, c.Detail, c.Offset = check.Fail, "malformed", err.Error(), &block.Offset
	case r.Device != nil:
		r.Device.Locators = list
	}
	r.add(c)
}
