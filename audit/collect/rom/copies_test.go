package rom

import (
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// table is a VFCT with one ROM for bus 1 and the device 10de:2684 of [option].
func table(vendor uint16, rom []byte) []byte {
	b := make([]byte, 0x4c+28, 0x4c+28+len(rom))
	copy(b, "VFCT")
	binary.LittleEndian.PutUint32(b[0x34:], 0x4c)
	h := b[0x4c:]
	binary.LittleEndian.PutUint32(h, 1)
	binary.LittleEndian.PutUint16(h[12:], vendor)
	binary.LittleEndian.PutUint16(h[14:], 0x2684)
	binary.LittleEndian.PutUint32(h[24:], uint32(len(rom)))
	b = append(b, rom...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	var sum byte
	for _, v := range b {
		sum += v
	}
	b[9] = -sum
	return b
}

// amdDevice runs the collector for an AMD device on these files.
func amdDevice(t *testing.T, files fstest.MapFS, roms map[string]collect.ROMFile) inventory.Device {
	t.Helper()
	e := &collect.Env{FS: files, ROMFiles: roms}
	d := inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("1002"), DeviceID: new("2684")}}
	if err := device(t.Context(), e, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func sources(d inventory.Device) string {
	var list []string
	for _, r := range d.Firmware.ROMs {
		list = append(list, r.Source)
	}
	for _, w := range d.Witnesses {
		list = append(list, w.Name)
		for _, dis := range w.Disagreements {
			list = append(list, dis.Fact)
		}
	}
	for _, g := range d.Gaps {
		if g.Source != devices+"/"+address+"/rom" {
			list = append(list, "gap:"+string(g.Reason))
		}
	}
	return strings.Join(list, " ")
}

func TestCopies(t *testing.T) {
	link := &fstest.MapFile{Data: []byte("../../../bus/pci/drivers/amdgpu"), Mode: fs.ModeSymlink}
	driver := devices + "/" + address + "/driver"
	dri := func(address string, rom []byte) fstest.MapFS {
		return fstest.MapFS{
			driver:                               link,
			collect.DebugDRI + "/0/name":         {Data: []byte("amdgpu dev=" + address + " unique=" + address + "\n")},
			collect.DebugDRI + "/0/clients":      {},
			collect.DebugDRI + "/client-1":       {Mode: fs.ModeDir},
			collect.DebugDRI + "/0/amdgpu_vbios": {Data: rom},
		}
	}
	damaged := table(0x1002, option(1))
	damaged[len(damaged)-1]++
	both := dri(address, option(2))
	both[vfctTable] = &fstest.MapFile{Data: table(0x1002, option(1))}
	file := map[string]collect.ROMFile{address: {Name: "card.rom", Data: option(1)}}
	tests := []struct {
		name  string
		files fstest.MapFS
		roms  map[string]collect.ROMFile
		want  string
	}{
		{"neither", fstest.MapFS{}, nil, ""},
		{"table", fstest.MapFS{vfctTable: {Data: table(0x1002, option(1))}}, nil, "vfct"},
		{"table for another card", fstest.MapFS{vfctTable: {Data: table(0x1022, option(1))}}, nil, ""},
		{"damaged table", fstest.MapFS{vfctTable: {Data: damaged}}, nil, "gap:malformed"},
		{"driver's copy", dri(address, option(1)), nil, "debugfs"},
		{"driver's copy of another card", dri("0000:02:00.0", option(1)), nil, ""},
		{"driver's folder without a copy", func() fstest.MapFS {
			m := dri(address, nil)
			delete(m, collect.DebugDRI+"/0/amdgpu_vbios")
			return m
		}(), nil, ""},
		{"copies that differ", both, nil, "vfct debugfs rom-debugfs /firmware/roms/0/images/0/sha256"},
		{"file that agrees", fstest.MapFS{vfctTable: {Data: table(0x1002, option(1))}}, file, "vfct file rom-file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sources(amdDevice(t, tt.files, tt.roms)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
