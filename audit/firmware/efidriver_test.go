package firmware

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// wideZ is a text as a driver holds it.
func wideZ(s string) []byte { return append(wide(s), 0, 0) }

func displayOf(t *testing.T, pe []byte) *inventory.EFIDriver {
	t.Helper()
	rom := Parse(efiROM(pe, 1))
	if rom.Images[0].EFI.Display == nil {
		t.Fatalf("no word of the driver: %+v", rom.Faults)
	}
	return rom.Images[0].EFI.Display
}

func TestDisplayDriver(t *testing.T) {
	text := inventory.Text
	for _, test := range []struct {
		name                          string
		parts                         [][]byte
		maker, family, version, built string
	}{
		{"AMD", [][]byte{wideZ("AMD GOP X64 Release Driver Rev.1.65.0.15.50.Sep 28 2017.15:11:11")}, "1002", "", "1.65.0.15.50", "2017-09-28"},
		{"AMD, a day of one digit", [][]byte{wideZ("AMD GOP X64 Rel Driver Rev.3.7.11.May  7 2023.23:56:04")}, "1002", "", "3.7.11", "2023-05-07"},
		{"AMD for ARM", [][]byte{wideZ("AMD GOP ARM64 Release Driver, Rev. 3.1.0.Mar 14 2021.23:19:12")}, "1002", "", "3.1.0", "2021-03-14"},
		{"AMD, no more than the name", [][]byte{wideZ("AMD GOP X64")}, "1002", "", "", ""},
		{"AMD, no day", [][]byte{wideZ("AMD GOP X64 Rev.3.1")}, "1002", "", "3.1", ""},
		{"NVIDIA", [][]byte{wideZ("nvgop-ga1xx"), wideZ("NVIDIA GPU UEFI Driver"), []byte("NV-UEFI-BLD-INFO\x01\x00S\x00DAT:Dec  7 2021\x00VER:0x60011\x00CHG:1\x00")}, "10de", "ga1xx", "0x60011", "2021-12-07"},
		{"NVIDIA of 2014", [][]byte{wideZ("NVIDIA GPU UEFI Driver (xx.xx.xx.xx.xx)"), []byte("NV-UEFI-BLD-INFO\x01\x00S\x00DAT:Jul 31 2014\x00VER:0x20005\x00")}, "10de", "", "0x20005", "2014-07-31"},
		{"NVIDIA, nonsense for a build", [][]byte{wideZ("NVIDIA GPU UEFI Driver"), []byte("NV-UEFI-BLD-INFO")}, "10de", "", "", ""},
		{"Intel", [][]byte{wideZ("Intel(R) GOP Driver")}, "8086", "", "", ""},
		{"another", [][]byte{[]byte("AMD GOP in bytes of one, not two")}, "none", "", "", ""},
	} {
		pe := unsignedPE(bytes.Join(append([][]byte{make([]byte, 64)}, test.parts...), make([]byte, 32)))
		d := displayOf(t, pe)
		if d.Maker != test.maker || text(d.Family) != test.family || text(d.Version) != test.version || text(d.Built) != test.built {
			t.Errorf("%s: %+v, family %q, version %q, built %q", test.name, d, text(d.Family), text(d.Version), text(d.Built))
		}
	}
}

// TestDisplayDriverIsSigned: what stands behind the signed part names nobody.
func TestDisplayDriverIsSigned(t *testing.T) {
	pe := signPE(t, unsignedPE(make([]byte, 64)))
	at := int(binary.LittleEndian.Uint32(pe[0x40+24+peDirectories+peCertificate*8:]))
	pe = append(pe, wideZ("AMD GOP X64")...)
	binary.LittleEndian.PutUint32(pe[0x40+24+peDirectories+peCertificate*8+4:], uint32(len(pe)-at))
	if d := displayOf(t, pe); d.Maker != "none" {
		t.Errorf("a text among the certificates made it %s's", d.Maker)
	}
}

func TestSBAT(t *testing.T) {
	long := bytes.Repeat([]byte("a,1\n"), 5000)
	for _, test := range []struct {
		text string
		want []string
	}{
		{"sbat,1,SBAT Version,sbat,1,https://example.org\nshim,4,UEFI shim,shim,1,https://example.org\n\x00\x00", []string{"sbat,1", "shim,4"}},
		{"no line of that form", nil},
		{string(long), slices.Repeat([]string{"a,1"}, maxSBAT)},
		{"\x01\x02,\x03\n", nil},
	} {
		pe := unsignedPE([]byte(test.text))
		copy(pe[0x40+24+240:], ".sbat\x00\x00\x00")
		if got := Parse(efiROM(pe, 0)).Images[0].EFI.SBAT; !slices.Equal(got, test.want) {
			t.Errorf("%.20q: %q", test.text, got)
		}
	}
}

// TestRealDisplayDrivers: each signed driver of a dump names the maker of its card.
func TestRealDisplayDrivers(t *testing.T) {
	named := 0
	for name, b := range dumps(t) {
		rom := Parse(b)
		for i := range rom.Images {
			efi := rom.Images[i].EFI
			if efi == nil || efi.Signed == nil || !*efi.Signed {
				continue
			}
			want := rom.Images[0].VendorID
			if want == "1022" {
				want = "1002" // AMD's other vendor id
			}
			if efi.Display == nil || efi.Display.Maker != want || want != "8086" && (efi.Display.Version == nil || efi.Display.Built == nil) {
				t.Errorf("%s, image %d: %+v", name, i, efi.Display)
			}
			named++
		}
	}
	if named < 15 {
		t.Errorf("%d drivers only", named)
	}
}
