package rim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Namespaces of a manifest.
const (
	nsSWID   = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
	nsDSig   = "http://www.w3.org/2000/09/xmldsig#"
	nsSHA384 = "http://www.w3.org/2001/04/xmlenc#sha384"
	nsTCG    = "https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/"
	// nsOpaque is NVIDIA's, for reference values that are compared as numbers ("Opaque
	// Data RIM Attributes", 2026-10-06).
	nsOpaque = "https://docs.nvidia.com/attestation/specs/latest/opaque-data.html"
	nsXML    = "http://www.w3.org/XML/1998/namespace"
)

// scan walks a file before anything is built of it: its size, depth and number of
// elements are bounded, and it holds neither a document type nor entities, which would
// give text a meaning that the signed bytes do not have.
func scan(b []byte) error {
	if len(b) > MaxBytes {
		return &FormatError{Code: "too-large", Offset: MaxBytes, Detail: fmt.Sprintf("larger than %d bytes", MaxBytes)}
	}
	s := &scanner{dec: xml.NewDecoder(bytes.NewReader(b))}
	for {
		at := int(s.dec.InputOffset())
		t, err := s.dec.RawToken()
		switch {
		case errors.Is(err, io.EOF) && s.depth == 0 && s.elements > 0:
			return nil
		case errors.Is(err, io.EOF):
			return s.fault(at, "truncated", "the document does not end")
		case err != nil:
			return s.fault(int(s.dec.InputOffset()), "not-xml", "%s", strings.TrimPrefix(err.Error(), "XML syntax error on "))
		}
		if err := s.token(t, at); err != nil {
			return err
		}
	}
}

type scanner struct {
	dec                         *xml.Decoder
	depth, elements, attributes int
}

func (s *scanner) fault(at int, code, format string, args ...any) error {
	return &FormatError{Code: code, Offset: at, Detail: fmt.Sprintf(format, args...)}
}

func (s *scanner) token(t xml.Token, at int) error {
	switch t := t.(type) {
	case xml.StartElement:
		return s.start(t, at)
	case xml.EndElement:
		if s.depth--; s.depth < 0 {
			return s.fault(at, "not-xml", "an element ends that did not begin")
		}
	case xml.Directive:
		return s.fault(at, "doctype", "a document type or another declaration is not allowed")
	case xml.ProcInst:
		if t.Target != "xml" || at != 0 {
			return s.fault(at, "instruction", "the processing instruction %q is not allowed", t.Target)
		}
	case xml.CharData:
		if s.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return s.fault(at, "not-xml", "text stands outside of the document's element")
		}
	}
	return nil
}

func (s *scanner) start(t xml.StartElement, at int) error {
	s.depth++
	s.elements++
	s.attributes += len(t.Attr)
	switch {
	case s.depth == 1 && s.elements > 1:
		return s.fault(at, "not-xml", "a second element stands beside the document's")
	case s.depth > maxDepth:
		return s.fault(at, "too-deep", "elements are nested more than %d deep", maxDepth)
	case s.elements > maxElements:
		return s.fault(at, "too-large", "more than %d elements", maxElements)
	case s.attributes > maxAttributes:
		return s.fault(at, "too-large", "more than %d attributes", maxAttributes)
	}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		switch {
		case seen[a.Name]:
			return s.fault(at, "duplicate-attribute", "the attribute %s stands twice", a.Name.Local)
		case a.Name.Space == "xml":
			// These are inherited in ways of their own when a part is put into its
			// canonical form (Canonical XML 1.1, section 2.4).
			return s.fault(at, codeUnsupported, "the attribute xml:%s is not supported", a.Name.Local)
		}
		seen[a.Name] = true
	}
	return nil
}
