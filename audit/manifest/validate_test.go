package manifest_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*manifest.Predicate){
		"kind":                    func(p *manifest.Predicate) { p.Firmware[0].Kind = "bios" },
		"no kind":                 func(p *manifest.Predicate) { p.Firmware[0].Kind = "" },
		"sha384 of 256 bits":      func(p *manifest.Predicate) { p.Firmware[0].SHA384 = digest("a") },
		"sha256 of 384 bits":      func(p *manifest.Predicate) { p.Firmware[0].SHA256 = strings.Repeat("a", 96) },
		"stable digest too long":  func(p *manifest.Predicate) { p.Firmware[0].StableSHA256 = strings.Repeat("a", 96) },
		"option ROM with a file":  func(p *manifest.Predicate) { p.Firmware[0].File = "a.bin" },
		"file without a name":     func(p *manifest.Predicate) { *p = runtimeFile(); p.Firmware[0].File = "" },
		"file outside its folder": func(p *manifest.Predicate) { *p = runtimeFile(); p.Firmware[0].File = "../a.bin" },
		"file without sha256":     func(p *manifest.Predicate) { *p = runtimeFile(); p.Firmware[0].SHA256 = "" },
		"file with sha384":        func(p *manifest.Predicate) { *p = runtimeFile(); p.Firmware[0].SHA384 = strings.Repeat("a", 96) },
		"file with images": func(p *manifest.Predicate) {
			images := p.Firmware[0].Images
			*p = runtimeFile()
			p.Firmware[0].Images = images
		},
		"import without digest":       func(p *manifest.Predicate) { *p = imported(); p.Imported[0].SHA256 = "" },
		"import with another verdict": func(p *manifest.Predicate) { *p = imported(); p.Imported[0].Signature = "good" },
		"import verified by nobody":   func(p *manifest.Predicate) { *p = imported(); p.Imported[0].Signer = "" },
		"import unsigned by somebody": func(p *manifest.Predicate) { *p = imported(); p.Imported[0].Signature = "unsigned" },
		"import with many notes": func(p *manifest.Predicate) {
			*p = imported()
			p.Imported[0].Unmapped = slices.Repeat([]string{"x"}, 65)
		},
		"control character": func(p *manifest.Predicate) { p.Vendor = "a\x1b[2Jb" },
		"long part":         func(p *manifest.Predicate) { p.Firmware[0].Part = strings.Repeat("x", 201) },
		"prefix 0x":         func(p *manifest.Predicate) { p.Devices[0].VendorID = "0x10" },
		"supersedes":        func(p *manifest.Predicate) { p.Supersedes = []string{"sha256:" + digest("a")} },
		"too many images": func(p *manifest.Predicate) {
			p.Firmware[0].Images = slices.Repeat(p.Firmware[0].Images, 65)
		},
		"parts without the length": func(p *manifest.Predicate) { p.Firmware[0].Parts = parts(0, 10) },
		"length of no digest":      func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Bytes = "", 100 },
		"a lead beyond the end":    func(p *manifest.Predicate) { p.Firmware[0].Bytes, p.Firmware[0].LeadBytes = 100, 101 },
		"a part beyond the end":    func(p *manifest.Predicate) { p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, parts(91, 10) },
		"a part before the lead":   func(p *manifest.Predicate) { p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, parts(-1, 10) },
		"a part without bytes":     func(p *manifest.Predicate) { p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, parts(0, 0) },
		"a part of all numbers": func(p *manifest.Predicate) {
			p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, parts(math.MinInt, math.MaxInt)
		},
		"too many parts": func(p *manifest.Predicate) {
			p.Firmware[0].Bytes, p.Firmware[0].Parts = 100, slices.Repeat(parts(0, 1), 513)
		},
		"file with parts":  func(p *manifest.Predicate) { *p = runtimeFile(); p.Firmware[0].Bytes = 100 },
		"no name":          func(p *manifest.Predicate) { p.Name = "" },
		"no sequence":      func(p *manifest.Predicate) { p.Sequence = 0 },
		"no devices":       func(p *manifest.Predicate) { p.Devices = nil },
		"device wildcard":  func(p *manifest.Predicate) { p.Devices[0].DeviceID = "" },
		"unknown status":   func(p *manifest.Predicate) { p.Status = "fine" },
		"ends first":       func(p *manifest.Predicate) { p.Expires = p.Issued },
		"states nothing":   func(p *manifest.Predicate) { p.Firmware = nil },
		"no digest":        func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Images = "", nil },
		"image no digest":  func(p *manifest.Predicate) { p.Firmware[0].Images[0].SHA256 = "" },
		"driver no digest": func(p *manifest.Predicate) { p.Drivers = []manifest.Driver{{Module: "amdgpu"}} },
		"memory zero":      func(p *manifest.Predicate) { p.MemoryMiB = []int{0} },
		"function class": func(p *manifest.Predicate) {
			p.Functions = &[]manifest.Function{{VendorID: "1002", DeviceID: "ab28", ClassCode: "0403"}}
		},
		"too many": func(p *manifest.Predicate) {
			for range 5000 {
				p.MemoryMiB = append(p.MemoryMiB, 8192)
			}
		},
	} {
		p := predicate()
		change(&p)
		_, err := manifest.Statement(&p)
		if !errors.Is(err, manifest.ErrInvalid) {
			t.Errorf("%s: error is %v", name, err)
		}
		if err != nil && len(err.Error()) > 4000 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
	}
}

func runtimeFile() manifest.Predicate {
	p := predicate()
	p.Firmware = []manifest.Firmware{{Kind: manifest.RuntimeFile, Version: "20.1", File: "amdgpu/x.bin", SHA256: digest("a")}}
	return p
}

func imported() manifest.Predicate {
	p := predicate()
	p.Imported = []manifest.Import{{Format: "corim", File: "x.cbor", SHA256: digest("a"), Signature: manifest.SignatureVerified, Signer: "key.pub", Unmapped: []string{"tag 2"}}}
	return p
}

// TestEveryKindComesBack: what is written can be read, and its subjects name
// what has a digest.
func TestEveryKindComesBack(t *testing.T) {
	sha384 := predicate()
	sha384.Firmware = []manifest.Firmware{{Kind: manifest.OptionROM, Version: "1", SHA384: strings.Repeat("a", 96)}}
	for _, p := range []manifest.Predicate{runtimeFile(), imported(), sha384, *full()} {
		text, err := manifest.Statement(&p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := manifest.ParseStatement(text)
		if err != nil || len(manifest.Diff(got, &p)) > 0 || len(got.Imported) != len(p.Imported) {
			t.Errorf("%s became %+v, %v", text, got, err)
		}
		i := newIssuer(t)
		if _, err := manifest.Verify(i.sign(t, text), "m", i.trust(t, ""), now); err != nil {
			t.Error(err)
		}
		wrong := strings.Replace(string(text), `"sha384":"aaaa`, `"sha384":"bbbb`, 1)
		if _, err := manifest.ParseStatement([]byte(wrong)); wrong != string(text) && !errors.Is(err, manifest.ErrInvalid) {
			t.Errorf("a subject that the predicate does not list: %v", err)
		}
	}
}

func FuzzStatement(f *testing.F) {
	p := predicate()
	good, err := manifest.Statement(&p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := manifest.ParseStatement(b)
		if err != nil {
			return
		}
		again, err := manifest.Statement(p)
		if err != nil {
			t.Fatalf("a statement that was accepted cannot be written: %v", err)
		}
		q, err := manifest.ParseStatement(again)
		if err != nil {
			t.Fatal(err)
		}
		one, _ := json.Marshal(p)
		two, _ := json.Marshal(q)
		if string(one) != string(two) {
			t.Errorf("%s became %s", one, two)
		}
	})
}

// TestManyFaultsMakeAShortError: the list may come from anybody.
func TestManyFaultsMakeAShortError(t *testing.T) {
	p := predicate()
	p.Devices = make([]manifest.Device, 4096)
	if err := p.Validate(); err == nil || len(err.Error()) > 4000 || !strings.Contains(err.Error(), "more faults") {
		t.Errorf("error is %v", err)
	}
}

// TestADuplicateFieldIsNotEvenSigned: two readers could see two statements.
func TestADuplicateFieldIsNotEvenSigned(t *testing.T) {
	p := predicate()
	text, err := manifest.Statement(&p)
	if err != nil {
		t.Fatal(err)
	}
	twice := []byte(strings.Replace(string(text), `"status":"active"`, `"status":"active","status":"revoked"`, 1))
	if _, err := manifest.ParseStatement(twice); !errors.Is(err, seal.ErrMalformed) || !strings.Contains(err.Error(), `offset`) || !strings.Contains(err.Error(), `duplicate field "status"`) {
		t.Errorf("error is %v", err)
	}
	if _, err := seal.Sign(t.Context(), twice, newIssuer(t).signer); !errors.Is(err, seal.ErrMalformed) {
		t.Errorf("error is %v", err)
	}
}

// parts is one part of a ROM.
func parts(offset, bytes int) []manifest.Part {
	return []manifest.Part{{Name: "tail", Offset: offset, Bytes: bytes, SHA256: digest("a")}}
}

func TestPartsAreTaken(t *testing.T) {
	p := predicate()
	p.Firmware[0].Bytes, p.Firmware[0].LeadBytes, p.Firmware[0].Parts = 100, 20, append(parts(-20, 20), parts(70, 10)...)
	if _, err := manifest.Statement(&p); err != nil {
		t.Error(err)
	}
}
