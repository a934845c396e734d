// Package cyclonedx makes statements of hardware bills of materials in CycloneDX,
// JSON or XML: the digests of components of type firmware and device. Signatures
// inside such documents (JSF, XML signature) are not verified.
package cyclonedx

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/manifest/adapt"
)

// Format is the name of the format in provenance.
const Format = "cyclonedx"

// Limit caps a document; maxDepth and maxComponents what it nests and lists.
const (
	Limit         = 64 << 20
	maxDepth      = 16
	maxComponents = 100_000
)

// Options say what the digests are of.
type Options struct {
	Kind string // adapt.ParseKind
	Name string // the component to take, "" for all
}

// Import reads a document.
func Import(document []byte, name string, o Options) (*adapt.Result, error) {
	format := cdx.BOMFileFormatXML
	if bytes.HasPrefix(bytes.TrimSpace(document), []byte("{")) {
		format = cdx.BOMFileFormatJSON
		if err := strictjson.Check(document, Limit); err != nil {
			return nil, fmt.Errorf("%w: %w", adapt.ErrMalformed, err)
		}
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(document), format).Decode(&bom); err != nil {
		return nil, fmt.Errorf("%w: %w", adapt.ErrMalformed, err)
	}
	if format == cdx.BOMFileFormatJSON && bom.BOMFormat != cdx.BOMFormat || format == cdx.BOMFileFormatXML && !strings.HasPrefix(bom.XMLNS, "http://cyclonedx.org/schema/bom/") {
		return nil, fmt.Errorf("%w: no CycloneDX document", adapt.ErrMalformed)
	}
	w := walker{o: &o, result: adapt.New(Format, name, document)}
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		if err := w.component(*bom.Metadata.Component, 0); err != nil {
			return nil, err
		}
	}
	if err := w.components(bom.Components, 0); err != nil {
		return nil, err
	}
	if len(w.result.Firmware) == 0 {
		return nil, fmt.Errorf("%w: no component of type firmware or device with a SHA-256 or SHA-384, among %d components", adapt.ErrNothing, w.seen)
	}
	signed := bom.Signature != nil || bytes.Contains(document, []byte("http://www.w3.org/2000/09/xmldsig#"))
	w.result.Judge(adapt.Evidence{Signed: signed || w.signed, Detail: "signatures of this format are not verified"})
	return w.result, nil
}

// walker takes the components of a document.
type walker struct {
	o      *Options
	result *adapt.Result
	seen   int
	signed bool
}

func (w *walker) components(list *[]cdx.Component, depth int) error {
	if list == nil {
		return nil
	}
	for _, c := range *list {
		if err := w.component(c, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) component(c cdx.Component, depth int) error {
	if w.seen++; w.seen > maxComponents || depth > maxDepth {
		return fmt.Errorf("%w: more than %d components, or nested deeper than %d", adapt.ErrMalformed, maxComponents, maxDepth)
	}
	w.signed = w.signed || c.Signature != nil
	wanted := w.o.Name == "" || c.Name == w.o.Name
	if wanted && (c.Type == cdx.ComponentTypeFirmware || c.Type == cdx.ComponentTypeDevice) && c.Hashes != nil && len(*c.Hashes) > 0 {
		var d adapt.Digests
		for _, h := range *c.Hashes {
			value, err := hex.DecodeString(strings.TrimSpace(h.Value))
			if err == nil {
				err = d.Add(strings.ToLower(string(h.Algorithm)), value)
			}
			if err != nil {
				return fmt.Errorf("component %.80q: %w: %w", c.Name, adapt.ErrMalformed, err)
			}
		}
		w.result.Component(w.o.Kind, c.Name, c.Version, d)
	}
	return w.components(c.Components, depth+1)
}
