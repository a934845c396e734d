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
			{Offset: 0xa3c0, Place: "atom.VRAM_Info", Type: "GDDR5", VendorCode: "0", MiB: new(8192), BusBits: new(256)},
			{Offset: 0x3148, Place: "atom.IntegratedSystemInfo", Type: "DDR5", VendorCode: "0", BusBits: new(128)},
		},
		Microcode: []inventory.ROMMicrocode{
			{Offset: 0x4581c, Application: "85", Target: "07", Descriptor: 3, Bytes: new(66688), Signatures: new(2), SignatureVersions: new("0003")},
			{Offset: 0x9d314, Application: "07", Target: "06", Descriptor: 6},
		},
		PSP: []inventory.PSPEntry{
			{Offset: 0x28000, Bytes: 20480, Type: "14", Read: true, Signed: new(true), Encrypted: new(false), Key: new("2288")},
			{Offset: 0x50000, Bytes: 12288, Type: "01"},
		},
		Partitions: []inventory.ROMPartition{
			{Offset: 0x2c0, Name: "OROM", State: inventory.PartitionAuthentic, Key: new("DG2"), KeySHA256: new("94d4"), Version: new("20.1079.0.0"), Date: new("2026-03-04"),
				Modules: []inventory.ROMModule{{Name: "VBT", Offset: 0x800, Bytes: 17408, Matches: new(true)}},
				Boards:  []inventory.ROMBoard{{VendorID: new("8086"), DeviceID: new("56a5"), SubsystemVendorID: "1849", SubsystemDeviceID: "6004"}, {SubsystemVendorID: "8086", SubsystemDeviceID: "2010"}}},
			{Offset: 0x102c0, Name: "OROM", State: inventory.PartitionChanged, Key: new("DG2"), Changed: []string{"CODE", "padding"}, Modules: []inventory.ROMModule{{Name: "CODE", Offset: 0x10800, Bytes: 512, Matches: new(false)}}},
			{Offset: 0x202c0, Name: "OROM", State: inventory.PartitionUnknownKey, KeySHA256: new("aaaa")},
		},
		Connectors:     []string{"DP", "wireless", "HDMI"},
		StableExcludes: []inventory.StableSkip{{Name: "gap", Bytes: 10}, {Name: "private image", Bytes: 5}, {Name: "gap", Bytes: 3}},
		Tables:         []inventory.ROMTable{{Name: "bit.P.perf", Offset: 0x110, Bytes: 16, Revision: "6.0"}, {Name: "bit.B", Offset: 0x120}, {Name: "atom.command[3]", Offset: 0x130}, {Name: "psp.01", Offset: 0x140}},
		Private:        []inventory.PrivateImage{{Offset: 0x100, Bytes: 0x200, CodeType: "e0"}},
	}
	got := Tree("dump", rom)
	for _, want := range []string{
		"ifr     0x00000000 +6592  version 3, images at 0x9400, directory at 0x5000",
		"ifr     0x00002000 +1  version 9, images at -, directory at -",
		"memory  0x0000a3ed  GDDR5 by Samsung (code 1), 8192 MiB on 256 bits, chip K4G80325FB",
		"memory  0x00004208  0b by an unnamed maker (code c), strap 3",
		"memory  0x0000a3c0  GDDR5 by any maker, 8192 MiB on 256 bits\n",
		"memory  0x00003148  DDR5 the machine's own, on 128 bits\n",
		"sockets DP, HDMI; board id -\n",
		"outside the stable digest: gap (2, 13 bytes), private image (1, 5 bytes)\n",
		"falcon  0x0004581c  application 85 (firmware security) for processor 07, descriptor 3, 66688 bytes, 2 signatures for fuse versions 0003, not checked",
		"falcon  0x0009d314  application 07 for processor 06, descriptor 6\n",
		"psp     0x00028000 +20480  type 14, says signed true, encrypted false, key 2288; not checked",
		"psp     0x00050000 +12288  type 01 (boot loader), outside what was read",
		"signed  0x000002c0  partition OROM: AS SIGNED by the maker, key DG2\n      key sha256 94d4\n      version 20.1079.0.0 of 2026-03-04\n      0x00000800 +17408    module VBT, the digest matches\n      for the board 1849:6004, chip 8086:56a5\n      for the board 8086:2010\n",
		"signed  0x000102c0  partition OROM: CHANGED since the maker signed it, key DG2: CODE, padding\n      0x00010800 +512      module CODE, the digest DIFFERS\n",
		"signed  0x000202c0  partition OROM: signed with a key that is not known, not checked\n      key sha256 aaaa\n",
		"0x00000110 +16       bit.P.perf, revision 6.0: clocks of each performance level\n      further tables: 1 of code that the driver runs, 1 others (-o json lists them)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in:\n%s", want, got)
		}
	}
}
