package corim_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/corim"
)

// TestVeraisonsFiles reads the test cases of github.com/veraison/corim in the folder
// that VERAISON names: every CoRIM is read, or refused for what is in it; every
// CoMID gives as many digests inside of a CoRIM as its reference values state; all
// else is refused as what it is.
func TestVeraisonsFiles(t *testing.T) {
	dir := os.Getenv("VERAISON")
	if dir == "" {
		t.Skip("VERAISON names no folder")
	}
	// digests that are taken, and a part of what is said where there are none
	type answer struct {
		digests int
		text    string
	}
	want := map[string]answer{
		"corim-1": {1, ""}, "corim-2": {0, "several models"}, "corim-design-cd": {2, ""}, "corim-firmware-cd": {0, "several models"}, "corim-roles": {0, "no digest"},
		"signed-corim-with-extensions": {3, ""}, "signed-example-corim": {3, ""}, "signed-good-corim": {3, ""},
		"unsigned-corim-with-extensions": {3, ""}, "unsigned-example-corim": {3, ""}, "unsigned-good-corim": {3, ""},
		"comid-1": {1, ""}, "comid-1a": {2, ""}, "comid-2b": {0, "several models"}, "comid-3": {0, "algorithm 6"}, "comid-6": {0, "one instance"},
		"comid-cend": {0, "a conditional endorsement"}, "comid-design-cd": {2, ""}, "comid-firmware-cd": {0, "several models"},
		"cca-platform-invalid-digests": {0, "248 bits"}, "cca-platform-invalid-impl-id": {1, ""}, "cca-platform-valid": {2, ""}, "no-profile": {1, ""},
		"psa-invalid-attest-key": {0, "no digest"}, "psa-invalid-impl-id": {1, ""}, "psa-valid": {1, ""},
		"cca-realm-invalid-missing-rim": {1, ""}, "cca-realm-invalid-rim-size": {1, ""}, "cca-realm-valid": {5, ""},
	}
	n := 0
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".cbor" {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		n++
		base := strings.TrimSuffix(path.Base(name), ".cbor")
		expected, known := want[base]
		if strings.HasPrefix(base, "comid") {
			if _, err := corim.Import(b, name, rom); !errors.Is(err, importer.ErrMalformed) || !strings.Contains(err.Error(), "CoMID") {
				t.Errorf("%s alone: %v", name, err)
			}
			b = encode(t, cbor.Tag{Number: 501, Content: m{0: "id", 1: []any{cbor.Tag{Number: 506, Content: b}}}})
			if !known {
				expected.text = "no digest" // identities, keys, registers, series of conditions
			}
		} else if !known {
			expected.text = "is no CoRIM" // evidence and queries
		}
		r, err := corim.Import(b, name, rom)
		switch {
		case err == nil && len(r.Firmware) != expected.digests, err != nil && (expected.text == "" || !strings.Contains(err.Error(), expected.text)), err == nil && expected.text != "":
			t.Errorf("%s: %+v, %v", name, r, err)
		case err == nil && strings.HasPrefix(base, "signed") != (r.Provenance.Signature == manifest.SignatureUnverified):
			t.Errorf("%s: %s", name, r.Provenance.Signature)
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Errorf("%d files, %v", n, err)
	}
}

// TestOnlyOfModels: what is stated of one device, or of a group, is no statement of
// the model.
func TestOnlyOfModels(t *testing.T) {
	measured := []any{measured("1.0", digest(1, sum(1, 32)))}
	for name, narrow := range map[string]m{
		"an instance": {1: cbor.Tag{Number: 550, Content: sum(1, 33)}}, "a group": {2: cbor.Tag{Number: 37, Content: sum(2, 16)}},
	} {
		e := env("ACME", "Roadrunner")
		for k, v := range narrow {
			e[k] = v
		}
		if _, err := corim.Import(document(t, m{0: []any{[]any{e, measured}}}), "x", rom); !errors.Is(err, importer.ErrNothing) || !strings.Contains(err.Error(), "one instance or group") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoCoRIM: what is not one is named as far as it can be told.
func TestNoCoRIM(t *testing.T) {
	for why, doc := range map[string]any{
		"a CoMID, not the CoRIM":        m{0: "en-GB", 1: m{0: "tag"}, 4: m{3: []any{}}},
		"no list of tags":               m{0: "tag:example.com,2025:cc-platform#1.0.0", 1: "query"},
		"tag 571 (concise evidence) is": cbor.Tag{Number: 571, Content: m{}},
		"tag 506 (CoMID) is":            cbor.Tag{Number: 506, Content: m{}},
	} {
		if _, err := corim.Import(encode(t, doc), "x", rom); !errors.Is(err, importer.ErrMalformed) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

// TestConditionsOfASeries: the states of a conditional endorsement series (triple 8)
// and of further triples state no reference value.
func TestConditionsOfASeries(t *testing.T) {
	e, state := env("ACME", "Roadrunner"), []any{measured("1.0", digest(1, sum(1, 32)))}
	for triple, content := range map[int]any{
		1: []any{[]any{e, state}}, // endorsed values
		8: []any{[]any{[]any{e, state}, []any{[]any{state, state}}}},
		9: []any{[]any{e, state}},
	} {
		if r, err := corim.Import(document(t, m{triple: content}), "x", rom); !errors.Is(err, importer.ErrNothing) {
			t.Errorf("triple %d: %+v, %v", triple, r, err)
		}
	}
}
