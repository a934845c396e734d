package firmware

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestSocketsOfDumps: each NVIDIA ROM names its board and the sockets that such a card
// has; one that was made for a laptop names its panel.
func TestSocketsOfDumps(t *testing.T) {
	for name, want := range map[string]string{
		"nv-gk107-zotac-modded.rom":            "e010 DVI-I DVI-D HDMI HDMI",
		"nv-gk208-gt710-msi.rom":               "e430 DVI-D HDMI VGA",
		"nv-gm107-m2000m-fix.rom":              "e723 LVDS DP DP DP eDP VGA",
		"nv-gm204-m5000m-imac-modded.rom":      "e913 eDP DP DP DP wireless",
		"nv-gp106-gtx1060-msi-full.rom":        "ef09 DVI-D DP DP HDMI DP",
		"nv-gp106-gtx1060-msi-trimmed.rom":     "ef09 DVI-D DP DP HDMI DP",
		"nv-tu116-gtx1660-inno3d.rom":          "0130 DP HDMI DP DP",
		"nv-ga104-3060ti-runtime-badsum.rom":   "02d8 DP HDMI DP HDMI",
		"nv-ga104m-3080-razer-full.rom":        "0262 DP DP HDMI eDP DP DP",
		"nv-ad106-4060ti-asus-trimmed.rom":     "055a DP DP DP HDMI",
		"nv-gb206-5060ti-asus-full.rom":        "06bd DP DP DP HDMI",
		"amd-polaris-rx580-sapphire-stock.rom": " ",
	} {
		rom := Parse(dumps(t)[name])
		if got := inventory.Text(rom.BoardID) + " " + strings.Join(rom.Connectors, " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// dcbROM has a control block with three connectors, of which one is not there.
func dcbROM(edit func(dcb, connectors []byte)) []byte {
	b := bitROM()
	const at, table = 0x380, 0x3c0
	b[0x200+bitBoardAt], b[0x200+bitBoardAt+1] = 0x09, 0xef
	binary.LittleEndian.PutUint16(b[dcbPointer:], at)
	copy(b[at:], []byte{0x41, 27, 1, 8})
	binary.LittleEndian.PutUint32(b[at+dcbMarkAt:], dcbMark)
	binary.LittleEndian.PutUint16(b[at+dcbConnectors:], table)
	copy(b[table:], []byte{0x40, 5, 4, 4, 0, 0x46, 0, 0, 0, 0xff, 0, 0, 0, 0x61, 0, 0, 0, 0x9a})
	edit(b[at:], b[table:])
	return fix(b)
}

func TestSockets(t *testing.T) {
	const all = "DP HDMI 9a"
	for _, tc := range []struct {
		name   string
		edit   func(dcb, connectors []byte)
		want   string
		faults int
	}{
		{"whole", func(_, _ []byte) {}, all, 0},
		{"the oldest form", func(d, _ []byte) { d[0] = 0x30 }, all, 0},
		{"a later form", func(d, _ []byte) { d[0] = 0x42 }, "", 0},
		{"no mark", func(d, _ []byte) { d[dcbMarkAt] = 0 }, "", 0},
		{"a short header", func(d, _ []byte) { d[1] = dcbHeader - 1 }, "", 0},
		{"no connectors", func(d, _ []byte) { d[dcbConnectors], d[dcbConnectors+1] = 0, 0 }, "", 0},
		{"connectors outside the image", func(d, _ []byte) { d[dcbConnectors], d[dcbConnectors+1] = 0xff, 0xff }, "", 0},
		{"too many", func(_, c []byte) { c[2] = 0xff }, "", 1},
		{"of no size", func(_, c []byte) { c[3] = 0 }, "", 1},
	} {
		rom := Parse(dcbROM(tc.edit))
		if got := strings.Join(rom.Connectors, " "); got != tc.want || len(rom.Faults) != tc.faults || inventory.Text(rom.BoardID) != "ef09" {
			t.Errorf("%s: %s, want %s; board %s; faults %v", tc.name, got, tc.want, inventory.Text(rom.BoardID), rom.Faults)
		}
	}
	names := ""
	for _, table := range Parse(dcbROM(func(_, _ []byte) {})).Tables {
		names += table.Name + " "
	}
	if !strings.HasSuffix(names, "dcb dcb.connectors ") {
		t.Errorf("tables %s", names)
	}
	for kind, want := range map[byte]string{0: "VGA", 0x10: "TV", 0x38: "DMS-59", 0x40: "LVDS", 0x47: "eDP", 0x48: "mini-DP", 0x70: "wireless", 0x71: "USB-C"} {
		if got := connector(kind); got != want {
			t.Errorf("%02x: %s, want %s", kind, got, want)
		}
	}
}

// FuzzSockets gives an image from the pointer to the block on.
func FuzzSockets(f *testing.F) {
	f.Add(dcbROM(func(_, _ []byte) {})[dcbPointer:0x400])
	for _, b := range dumpsOrNone(f) {
		for _, img := range Parse(b).Images {
			if img.CodeType == "00" && img.VendorID == "10de" {
				f.Add(b[img.Offset+dcbPointer : min(len(b), img.Offset+img.Bytes, img.Offset+0x8000)])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = slices.Concat(make([]byte, dcbPointer), b)
		l := legacy{p: newParser(b), b: b, bytes: len(b)}
		l.connectors()
		if len(l.p.rom.Connectors) > maxConnectors {
			t.Errorf("%d connectors", len(l.p.rom.Connectors))
		}
		for _, table := range l.p.rom.Tables {
			if table.Offset < 0 || table.Bytes <= 0 || table.Offset+table.Bytes > len(b) {
				t.Errorf("table %+v of %d bytes", table, len(b))
			}
		}
	})
}
