package cyclonedx_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/cyclonedx"
)

func hashes(pairs ...string) *[]cdx.Hash {
	var list []cdx.Hash
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, cdx.Hash{Algorithm: cdx.HashAlgorithm(pairs[i]), Value: pairs[i+1]})
	}
	return &list
}

var (
	a256 = strings.Repeat("a", 64)
	b384 = strings.Repeat("b", 96)
)

// board is a hardware bill of materials: a card with two pieces of firmware.
func board() *cdx.BOM {
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{Type: cdx.ComponentTypeDevice, Name: "Card"}}
	bom.Components = &[]cdx.Component{
		{Type: cdx.ComponentTypeDevice, Name: "GPU", Components: &[]cdx.Component{
			{Type: cdx.ComponentTypeFirmware, Name: "vbios", Version: "1.2", Hashes: hashes("SHA-256", a256, "SHA-384", b384, "SHA-1", strings.Repeat("0", 40))},
		}},
		{Type: cdx.ComponentTypeFirmware, Name: "amdgpu/x.bin", Version: "7", Hashes: hashes("SHA-256", strings.Repeat("c", 64))},
		{Type: cdx.ComponentTypeLibrary, Name: "zlib", Hashes: hashes("SHA-256", strings.Repeat("d", 64))},
		{Type: cdx.ComponentTypeFirmware, Name: "bmc", Hashes: hashes("SHA-512", strings.Repeat("e", 128))},
	}
	return bom
}

func encode(t testing.TB, bom *cdx.BOM, format cdx.BOMFileFormat) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, format).Encode(bom); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	for _, format := range []cdx.BOMFileFormat{cdx.BOMFileFormatJSON, cdx.BOMFileFormatXML} {
		doc := encode(t, board(), format)
		r, err := cyclonedx.Import(doc, "hbom", cyclonedx.Options{Kind: manifest.OptionROM, Name: "vbios"})
		if err != nil || len(r.Firmware) != 1 || r.Firmware[0].SHA256 != a256 || r.Firmware[0].SHA384 != b384 || r.Firmware[0].Version != "1.2" || r.Provenance.Signature != manifest.SignatureUnsigned {
			t.Errorf("%+v, %v", r, err)
		}
		r, err = cyclonedx.Import(doc, "hbom", cyclonedx.Options{Kind: manifest.RuntimeFile})
		if err != nil || len(r.Firmware) != 2 || r.Firmware[1].File != "amdgpu/x.bin" || len(r.Provenance.Unmapped) != 1 || !strings.HasPrefix(r.Provenance.Unmapped[0], "bmc unknown: no SHA-256") {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// TestSignedIsNeverVerified: nothing of a signature inside was checked.
func TestSignedIsNeverVerified(t *testing.T) {
	json := bytes.Replace(encode(t, board(), cdx.BOMFileFormatJSON), []byte(`{`), []byte(`{"signature":{"algorithm":"ES256","value":"AAAA"},`), 1)
	xml := bytes.Replace(encode(t, board(), cdx.BOMFileFormatXML), []byte(`</bom>`), []byte(`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></bom>`), 1)
	for _, doc := range [][]byte{json, xml} {
		r, err := cyclonedx.Import(doc, "hbom", cyclonedx.Options{Kind: manifest.OptionROM, Name: "vbios"})
		if err != nil || r.Provenance.Signature != manifest.SignatureUnverified || r.Provenance.Signer != "" {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestRefused(t *testing.T) {
	with := func(h *[]cdx.Hash) []byte {
		bom := cdx.NewBOM()
		bom.Components = &[]cdx.Component{{Type: cdx.ComponentTypeFirmware, Name: "vbios", Hashes: h}}
		return encode(t, bom, cdx.BOMFileFormatJSON)
	}
	nested := strings.Repeat(`{"type":"device","name":"x","components":[`, 14)
	for _, tc := range []struct {
		name string
		doc  []byte
		want error
		text string
	}{
		{"text", []byte("text"), importer.ErrMalformed, ""},
		{"another document", []byte(`{"spdxVersion":"SPDX-2.3"}`), importer.ErrMalformed, ""},
		{"another XML document", []byte(`<bom xmlns="http://example.org/"/>`), importer.ErrMalformed, "no CycloneDX"},
		{"a field twice", []byte(`{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}`), importer.ErrMalformed, "duplicate"},
		{"SHA-512 of 256 bits", with(hashes("SHA-512", a256)), importer.ErrMalformed, "a sha-512 digest of 256 bits"},
		{"two SHA-256", with(hashes("SHA-256", a256, "SHA-256", strings.Repeat("b", 64))), importer.ErrMalformed, "two sha-256"},
		{"no hexadecimal", with(hashes("SHA-256", "x")), importer.ErrMalformed, "vbios"},
		{"SHA-1 alone", with(hashes("SHA-1", strings.Repeat("0", 40))), importer.ErrNothing, ""},
		{"nested too deep", fmt.Appendf(nil, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[%s]%s`, nested, strings.Repeat("]}", 14)+"}"), importer.ErrMalformed, ""},
		{"no components", encode(t, cdx.NewBOM(), cdx.BOMFileFormatXML), importer.ErrNothing, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := cyclonedx.Import(tc.doc, "x", cyclonedx.Options{Kind: manifest.OptionROM}); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error is %v, want %v with %q", err, tc.want, tc.text)
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	f.Add(encode(f, board(), cdx.BOMFileFormatJSON))
	f.Add(encode(f, board(), cdx.BOMFileFormatXML))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := cyclonedx.Import(b, "x", cyclonedx.Options{Kind: manifest.RuntimeFile})
		if err == nil && (len(r.Firmware) == 0 || r.Provenance.Signer != "") {
			t.Errorf("%+v", r)
		}
	})
}

// TestOtherPartsArePassedOver: attestations and patents of the specification's own
// tests, which the library takes for other types, are no fault of a document.
func TestOtherPartsArePassedOver(t *testing.T) {
	for name, more := range map[string]string{
		"attestation": `"declarations":{"evidence":[{"bom-ref":"e","data":[{"classification":"PII","name":"x"}]}]}`,
		"patent":      `"definitions":{"patents":[{"patentNumber":"US1","jurisdiction":"US","patentLegalStatus":"granted"}]}`,
	} {
		doc := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6",%s,"components":[{"type":"firmware","name":"vbios","version":"1",
			"patentAssertions":[{"asserter":"who","assertionType":"license"}],"hashes":[{"alg":"SHA-256","content":%q}]}]}`, more, a256)
		r, err := cyclonedx.Import([]byte(doc), "x", cyclonedx.Options{Kind: manifest.OptionROM})
		if err != nil || len(r.Firmware) != 1 || r.Firmware[0].SHA256 != a256 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for name, doc := range map[string]string{
		"components that are no list": `{"bomFormat":"CycloneDX","components":{}}`,
		"hashes that are no list":     `{"bomFormat":"CycloneDX","components":[{"type":"firmware","name":"x","hashes":"y"}]}`,
		"another format":              `{"bomFormat":"SPDX","components":[]}`,
	} {
		if _, err := cyclonedx.Import([]byte(doc), "x", cyclonedx.Options{Kind: manifest.OptionROM}); !errors.Is(err, importer.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc := fmt.Sprintf(`{"bomFormat":"CycloneDX","components":[{"type":"firmware","name":"bmc","hashes":[{"alg":"SHA-512","content":%q}]}]}`, strings.Repeat("e", 128))
	if _, err := cyclonedx.Import([]byte(doc), "x", cyclonedx.Options{Kind: manifest.OptionROM}); !errors.Is(err, importer.ErrNothing) || !strings.Contains(err.Error(), "not taken: bmc") {
		t.Errorf("the true reason: %v", err)
	}
}
