package romtext

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestVendorLines: each fact of a vendor's table has its line, with its offset,
// and what is not known is said to be so.
func TestVendorLines(t *testing.T) {
	rom := &inventory.ROM{
		IFR: []inventory.ROMInit{{Offset: 0, Version: 3, Bytes: 6592, Images: new(0x9400), Directory: new(0x5000)}, {Offset: 0x2000, Version: 9, Bytes: 1}},
		Memory: []inventory.ROMMemory{
			{Offset: 0xa3ed, Type: "GDDR5", VendorCode: "1", Vendor: new("Samsung"), MiB: new(8192), BusBits: new(256), Part: new("K4G80325FB")},
			{Offset: 0x4208, Type: "0b", VendorCode: "c", Strap: new(3)},
		},
		Microcode: []inventory.ROMMicrocode{
			{Offset: 0x4581c, Application: "85", Target: "07", Descriptor: 3, Bytes: new(66688), Signatures: new(2), SignatureVersions: new("0003")},
			{Offset: 0x9d314, Application: "07", Target: "06", Descriptor: 6},
		},
		PSP: []inventory.PSPEntry{
			{Offset: 0x28000, Bytes: 20480, Type: "14", Read: true, Signed: new(true), Encrypted: new(false), Key: new("2288")},
			{Offset: 0x50000, Bytes: 12288, Type: "01"},
		},
		Tables:  []inventory.ROMTable{{Name: "bit.P.perf", Offset: 0x110, Bytes: 16, Revision: "6.0"}},
		Private: []inventory.PrivateImage{{Offset: 0x100, Bytes: 0x200, CodeType: "e0"}},
	}
	got := Tree("dump", rom)
	for _, want := range []string{
		"ifr     0x00000000 +6592  version 3, images at 0x9400, directory at 0x5000",
		"ifr     0x00002000 +1  version 9, images at -, directory at -",
		"memory  0x0000a3ed  GDDR5 by Samsung (code 1), 8192 MiB on 256 bits, chip K4G80325FB",
		"memory  0x00004208  0b by an unnamed maker (code c), strap 3",
		"falcon  0x0004581c  application 85 for processor 07, descriptor 3, 66688 bytes, 2 signatures for fuse versions 0003, not checked",
		"falcon  0x0009d314  application 07 for processor 06, descriptor 6\n",
		"psp     0x00028000 +20480  type 14, says signed true, encrypted false, key 2288; not checked",
		"psp     0x00050000 +12288  type 01, outside what was read",
		"0x00000110 +16       bit.P.perf, revision 6.0",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in:\n%s", want, got)
		}
	}
}
