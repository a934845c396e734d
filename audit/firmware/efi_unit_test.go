package firmware

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func parseEFI(t *testing.T, rom []byte) (*inventory.EFIImage, string) {
	t.Helper()
	r := Parse(rom)
	if len(r.Images) != 1 || r.Images[0].EFI == nil {
		t.Fatalf("no EFI image: %+v", r)
	}
	for _, f := range r.Faults {
		return r.Images[0].EFI, f.Kind
	}
	return r.Images[0].EFI, ""
}

// verdicts are digest and signature, each "-" for unknown.
func verdicts(e *inventory.EFIImage) string {
	text := map[bool]string{true: "yes", false: "no"}
	digest, signature := "-", "-"
	if e.DigestMatches != nil {
		digest = text[*e.DigestMatches]
	}
	if e.SignatureValid != nil {
		signature = text[*e.SignatureValid]
	}
	return digest + " " + signature
}

// TestVerdictsAreApart: an edit of the driver and an edit of the signature
// show in different verdicts.
func TestVerdictsAreApart(t *testing.T) {
	code := bytes.Repeat([]byte{0x90}, 1000)
	good := signPE(t, unsignedPE(code))
	certs := len(unsignedPE(code))
	edited := with(good, 0x300, 0xcc)
	checksum := with(good, 0x40+24+peChecksum, 1, 2, 3, 4)
	broken := bytes.Clone(good)
	// The last bytes of the blob, before the padding, are the signature.
	pe, err := parsePE(good)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := pe.signature()
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(good, sig.signer.Signature)
	broken[at+len(sig.signer.Signature)-1] ^= 1
	tests := []struct {
		name     string
		pe       []byte
		verdicts string
		fault    string
	}{
		{"good", good, "yes yes", ""},
		{"driver edited", edited, "no yes", ""},
		{"checksum edited", checksum, "yes yes", ""},
		{"signature edited", broken, "yes no", ""},
		{"signature is no DER", with(good, certs+8, 0xff, 0xff), "- -", faultEFISignature},
		{"entry too long", with(good, certs, 0xff, 0xff, 0xff, 0x7f), "- -", faultEFISignature},
		{"other certificate type", with(good, certs+6, 9), "- -", faultEFISignature},
		{"unsigned", unsignedPE(code), "- -", ""},
		{"no PE", []byte("MZ and nothing else, not even a header, whatever the mark at the start says it is"), "- -", faultEFIPayload},
		{"text", bytes.Repeat([]byte("text"), 100), "- -", faultEFIPayload},
	}
	for _, tt := range tests {
		for compression := range byte(2) {
			t.Run(tt.name, func(t *testing.T) {
				e, fault := parseEFI(t, efiROM(tt.pe, compression))
				if got := verdicts(e); got != tt.verdicts || fault != tt.fault {
					t.Errorf("compression %d: verdicts %s, fault %q; want %s, %q", compression, got, fault, tt.verdicts, tt.fault)
				}
				if e.Machine != "x64" || e.Subsystem != "boot-service-driver" {
					t.Errorf("machine %s, subsystem %s", e.Machine, e.Subsystem)
				}
			})
		}
	}
	e, _ := parseEFI(t, efiROM(good, 1))
	if inventory.Text(e.Signer) != "CN=a test's signer" || len(e.Certificates) != 1 || !e.Certificates[0].Signer || e.Certificates[0].Serial != "7" {
		t.Errorf("signer %v, certificates %+v", e.Signer, e.Certificates)
	}
}

func TestEFIHeaderFaults(t *testing.T) {
	rom := efiROM(unsignedPE([]byte("code")), 1)
	te := append([]byte("VZ\x64\x86"), make([]byte, 60)...)
	tests := []struct {
		name  string
		rom   []byte
		fault string
	}{
		{"no signature", with(rom, 4, 0), faultEFIHeader},
		{"offset behind the image", with(rom, 0x16, 0xff, 0xff), faultEFIHeader},
		{"offset in the header", with(rom, 0x16, 4, 0), faultEFIHeader},
		{"unknown compression", with(rom, 0x0c, 9), faultEFICompression},
		{"compressed data broken", with(rom, 0x40+8, 0xff, 0xff, 0xff, 0xff, 0xff), faultEFICompression},
		{"TE", efiROM(te, 0), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, fault := parseEFI(t, tt.rom)
			if fault != tt.fault {
				t.Errorf("fault %q", fault)
			}
			if tt.name == "TE" && (inventory.Text(e.Format) != "te" || e.Signed == nil || *e.Signed) {
				t.Errorf("got %+v", e)
			}
			if tt.fault != "" && (e.Signed != nil || e.AuthenticodeSHA256 != nil) {
				t.Error("an image that was not read has a verdict")
			}
		})
	}
}

// TestPEBounds: no field of the headers leads outside the image.
func TestPEBounds(t *testing.T) {
	good := signPE(t, unsignedPE(bytes.Repeat([]byte{1}, 100)))
	for at := 0x3c; at < 0x180; at++ {
		for _, v := range []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, uint32(len(good))} {
			b := bytes.Clone(good)
			binary.LittleEndian.PutUint32(b[at:], v)
			if pe, err := parsePE(b); err == nil {
				pe.digest(newSHA256())
				if pe.signed() {
					_, _ = pe.signature()
				}
			}
		}
	}
}

func TestOverlappingSectionsAreRefused(t *testing.T) {
	good := unsignedPE(bytes.Repeat([]byte{1}, 100))
	two := with(good, 0x40+6, 2)
	copy(two[0x40+24+240+peSectionBytes:], two[0x40+24+240:0x40+24+240+peSectionBytes])
	if _, err := parsePE(good); err != nil {
		t.Error(err)
	}
	if _, err := parsePE(two); err == nil {
		t.Error("the same section twice was accepted")
	}
}

func FuzzEFI(f *testing.F) {
	signed := signPE(f, unsignedPE([]byte("code of a driver")))
	f.Add(efiROM(signed, 0))
	f.Add(efiROM(signed, 1))
	f.Add(efiROM(padCertificate(signed, []byte("hidden in the certificate")), 1))
	f.Add(efiROM(append(signed, "hidden behind it"...), 1))
	f.Add(with(efiROM(holed(unsignedPE([]byte("code"))), 1), 0x1c+0x14, codeExtended))
	f.Add(efiROM(append([]byte("VZ\x64\x86\x01\x0b"), make([]byte, 100)...), 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		j := &efiJob{image: b, efi: new(inventory.EFIImage)}
		j.run()
		if j.efi.DigestMatches != nil && (j.efi.Signed == nil || !*j.efi.Signed) {
			t.Error("a verdict on a signature that is not there")
		}
		for _, r := range []*inventory.EFIRoom{j.efi.Front, j.efi.Slack, j.efi.Overlay, j.efi.Certificate} {
			if r != nil && (r.Offset < 0 || r.NonBlank < 0 || r.NonBlank > r.Bytes || r.Bytes > MaxBytes) {
				t.Errorf("room %+v", *r)
			}
		}
		if s := j.efi.Slack; s != nil && s.Bytes > len(b) {
			t.Error("more slack than image")
		}
		if j.efi.AuthenticodeSHA256 == nil && j.efi.Signed != nil && *j.efi.Signed {
			t.Error("signed, without a digest")
		}
	})
}

func FuzzPE(f *testing.F) {
	f.Add(unsignedPE([]byte("code")))
	f.Add(signPE(f, unsignedPE([]byte("code of a driver"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		pe, err := parsePE(b)
		if err != nil {
			return
		}
		pe.digest(newSHA256())
		checkExtents(t, b, without(extent{0, len(b)}, pe.named()))
		if pe.signed() {
			checkExtents(t, pe.b, pe.spare())
			if sig, err := pe.signature(); err == nil {
				sig.report(pe, new(inventory.EFIImage))
			}
		}
	})
}

// checkExtents: no range leads outside.
func checkExtents(t *testing.T, b []byte, list []extent) {
	t.Helper()
	for _, e := range list {
		if e.start < 0 || e.end > len(b) || e.start > e.end {
			t.Errorf("range %v of %d bytes", e, len(b))
		}
	}
}
