// Package cyclonedx makes statements of hardware bills of materials in CycloneDX,
// JSON or XML: the digests of components of type firmware and device. Signatures
// inside such documents (JSF, XML signature) are not verified.
package cyclonedx

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
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
	Kind string // importer.ParseKind
	Name string // the component to take, "" for all
}

// Import reads a document.
func Import(document []byte, name string, o Options) (*importer.Result, error) {
	format := cdx.BOMFileFormatXML
	text := bytes.TrimSpace(bytes.TrimPrefix(document, []byte("\ufeff"))) // some tools write a byte order mark
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		format = cdx.BOMFileFormatJSON
	case !bytes.HasPrefix(text, []byte("<")):
		return nil, fmt.Errorf("%w: neither JSON nor XML, the forms of CycloneDX that are read here", importer.ErrMalformed)
	}
	bom, err := decode(text, format)
	if err != nil {
		return nil, err
	}
	w := walker{o: &o, result: importer.New(Format, name, document)}
	if bom.Main != nil {
		if err := w.component(*bom.Main, 0); err != nil {
			return nil, err
		}
	}
	if err := w.components(bom.Components, 0); err != nil {
		return nil, err
	}
	if len(w.result.Firmware) == 0 {
		return nil, fmt.Errorf("%w: no component of type firmware or device with a SHA-256 or SHA-384, among %d components%.1000s", importer.ErrNothing, w.seen, w.result.NotTaken())
	}
	signed := bom.Signed || bytes.Contains(document, []byte("http://www.w3.org/2000/09/xmldsig#"))
	w.result.SignedBy(importer.Evidence{Signed: signed || w.signed, Detail: "signatures of this format are not verified"})
	return w.result, nil
}

// content is what is read of a document.
type content struct {
	Main       *component
	Components []component
	Signed     bool
}

// component is what is read of a component. What else the format has, and the
// library takes for another type than its schema (attestations, patents), is passed
// over.
type component struct {
	Type       cdx.ComponentType `json:"type"`
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	Hashes     []cdx.Hash        `json:"hashes"`
	Components []component       `json:"components"`
	Signature  json.RawMessage   `json:"signature"`
}

func decode(document []byte, format cdx.BOMFileFormat) (*content, error) {
	if format == cdx.BOMFileFormatXML {
		return decodeXML(document)
	}
	var bom struct {
		Format   string `json:"bomFormat"`
		Version  string `json:"specVersion"`
		Metadata struct {
			Component *component `json:"component"`
		} `json:"metadata"`
		Components []component     `json:"components"`
		Signature  json.RawMessage `json:"signature"`
	}
	if err := strictjson.Decode(document, strictjson.Limits{Bytes: Limit, Unknown: true}, &bom); err != nil {
		return nil, fmt.Errorf("%w: %w", importer.ErrMalformed, err)
	}
	if bom.Format != cdx.BOMFormat {
		return nil, fmt.Errorf("%w: no CycloneDX document", importer.ErrMalformed)
	}
	if bom.Version != "" && !strings.HasPrefix(bom.Version, "1.") {
		return nil, otherVersion(bom.Version)
	}
	return &content{bom.Metadata.Component, bom.Components, len(bom.Signature) > 0}, nil
}

// schemas is where the namespaces of the format begin; its version follows.
const schemas = "http://cyclonedx.org/schema/bom/"

func otherVersion(v string) error {
	return fmt.Errorf("%w: version %.20q of the format; this program reads 1.x", importer.ErrMalformed, v)
}

// namespace is that of the outermost element, "" where there is none.
func namespace(document []byte) string {
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Space
		}
	}
}

// xmlComponent is what is read of a component in XML. The library's own type has a
// hundred fields, which an empty element of twelve bytes takes room for.
type xmlComponent struct {
	Type    cdx.ComponentType `xml:"type,attr"`
	Name    string            `xml:"name"`
	Version string            `xml:"version"`
	Hashes  []struct {
		Algorithm cdx.HashAlgorithm `xml:"alg,attr"`
		Value     string            `xml:",chardata"`
	} `xml:"hashes>hash"`
	Components []xmlComponent `xml:"components>component"`
}

// maxTags and maxGap cap a document in XML before it is decoded: its tags, and the bytes
// from one to the next, a tag with its attributes or a text.
const (
	maxTags = 200_000
	maxGap  = 1 << 20
)

// checkXML holds a document to these caps: every element, comment and text ends at the
// bracket of another.
func checkXML(document []byte) error {
	tags, last := 0, 0
	for at, c := range document {
		if at-last > maxGap {
			return fmt.Errorf("%w: a tag or a text of more than %d bytes at offset %d", importer.ErrMalformed, maxGap, last)
		}
		if c == '<' {
			if last, tags = at, tags+1; tags > maxTags {
				return fmt.Errorf("%w: more than %d tags", importer.ErrMalformed, maxTags)
			}
		}
	}
	return nil
}

func decodeXML(document []byte) (*content, error) {
	if err := checkXML(document); err != nil {
		return nil, err
	}
	if v, ok := strings.CutPrefix(namespace(document), schemas); ok && !strings.HasPrefix(v, "1.") {
		return nil, otherVersion(v)
	}
	var bom struct {
		XMLName    xml.Name       `xml:"bom"`
		Main       *xmlComponent  `xml:"metadata>component"`
		Components []xmlComponent `xml:"components>component"`
	}
	if err := xml.NewDecoder(bytes.NewReader(document)).Decode(&bom); err != nil {
		return nil, fmt.Errorf("%w: %w", importer.ErrMalformed, err)
	}
	if !strings.HasPrefix(bom.XMLName.Space, schemas) {
		return nil, fmt.Errorf("%w: no CycloneDX document", importer.ErrMalformed)
	}
	c := &content{}
	if bom.Main != nil {
		c.Main = new(bom.Main.component(0))
	}
	for _, one := range bom.Components {
		c.Components = append(c.Components, one.component(0))
	}
	return c, nil
}

// component is the same in the form that is common to JSON and XML. One level more than
// may be is enough to notice that there are too many.
func (c *xmlComponent) component(depth int) component {
	n := component{Type: c.Type, Name: c.Name, Version: c.Version}
	for _, h := range c.Hashes {
		n.Hashes = append(n.Hashes, cdx.Hash{Algorithm: h.Algorithm, Value: h.Value})
	}
	if depth <= maxDepth {
		for i := range c.Components {
			n.Components = append(n.Components, c.Components[i].component(depth+1))
		}
	}
	return n
}

// walker takes the components of a document.
type walker struct {
	o      *Options
	result *importer.Result
	seen   int
	signed bool
}

func (w *walker) components(list []component, depth int) error {
	for _, c := range list {
		if err := w.component(c, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) component(c component, depth int) error {
	if w.seen++; w.seen > maxComponents || depth > maxDepth {
		return fmt.Errorf("%w: more than %d components, or nested deeper than %d", importer.ErrMalformed, maxComponents, maxDepth)
	}
	w.signed = w.signed || len(c.Signature) > 0
	wanted := w.o.Name == "" || c.Name == w.o.Name
	if wanted && (c.Type == cdx.ComponentTypeFirmware || c.Type == cdx.ComponentTypeDevice) && len(c.Hashes) > 0 {
		var d importer.Digests
		for _, h := range c.Hashes {
			value, err := hex.DecodeString(strings.TrimSpace(h.Value))
			if err == nil {
				err = d.Add(strings.ToLower(string(h.Algorithm)), value)
			}
			if err != nil {
				return fmt.Errorf("component %.80q: %w: %w", c.Name, importer.ErrMalformed, err)
			}
		}
		w.result.Component(w.o.Kind, c.Name, c.Version, d)
	}
	return w.components(c.Components, depth+1)
}
